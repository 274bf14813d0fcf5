using System.Linq;
using System.Text.Json;
using Berths;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

public class Program
{
    public static void Main(string[] words) =>
        Host.CreateDefaultBuilder(words)
            .ConfigureWebHostDefaults(web => web.Configure(Serve))
            .Build()
            .Run();

    static void Serve(WebHostBuilderContext context, IApplicationBuilder app)
    {
        var harbours = context.Configuration.GetSection("Harbours").Get<Harbour[]>();
        app.UseStaticFiles();
        app.Run(request => request.Response.WriteAsync(JsonSerializer.Serialize(harbours.OrderBy(one => one.Free))));
    }
}
