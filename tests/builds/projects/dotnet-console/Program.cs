using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;

class Program
{
    static void Main()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "harbours.json");
        var harbours = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path));
        var french = CultureInfo.GetCultureInfo("fr-FR");
        foreach (var (name, height) in harbours.OrderBy(one => one.Key))
            Console.WriteLine(string.Format(french, "{0} {1:N2} m", name, height));
        using var sha = SHA256.Create();
        Console.WriteLine(BitConverter.ToString(sha.ComputeHash(File.ReadAllBytes(path)), 0, 4));
        var oslo = TimeZoneInfo.FindSystemTimeZoneById("Europe/Oslo");
        Console.WriteLine(TimeZoneInfo.ConvertTimeFromUtc(new DateTime(2024, 7, 1, 12, 0, 0), oslo).ToString("O"));
    }
}
