using System;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

public class Startup
{
    public static void Main(string[] words)
    {
        using var host = Host.CreateDefaultBuilder(words).ConfigureWebHostDefaults(web => web.UseStartup<Startup>()).Build();
        host.Start();
        if (words.Length > 0)
            Console.WriteLine(new WebClient().DownloadString("http://localhost:5000/channel"));
        else
            host.WaitForShutdown();
    }

    public void Configure(IApplicationBuilder app)
    {
        app.Run(context => context.Response.WriteAsync($"pilot at {context.Request.Path}"));
    }
}
