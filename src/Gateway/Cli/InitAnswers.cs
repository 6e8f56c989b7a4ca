using System.Net;
using Gateway.Import;

namespace Gateway.Cli;

/// <summary>What `gateway init` has to know.</summary>
/// <param name="Domains">Empty for a machine without a public name.</param>
/// <param name="Email">For the CA; null for none.</param>
internal sealed record InitAnswers(IReadOnlyList<string> Domains, string? Email, IReadOnlyList<InitRoute> Routes)
{
    /// <summary>What is wrong with a domain; null for nothing.</summary>
    public static string? ProblemOfDomain(string domain)
    {
        if (domain.StartsWith("*.", StringComparison.Ordinal))
        {
            return $"'{domain}': a wildcard needs a certificate by DNS; write the names one by one here, or see 'Let's Encrypt' in the README";
        }

        if (IPAddress.TryParse(domain, out _) || domain is "localhost")
        {
            return $"'{domain}': must be a name that the public finds in DNS, such as chat.example.com; leave it empty for a machine without one";
        }

        var isName = domain.Length <= 253 && domain.Contains('.', StringComparison.Ordinal) && domain.Split('.').All(label =>
            label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && label[0] != '-' && label[^1] != '-');
        return isName ? null : $"'{domain}': must be a domain name without scheme, port and path, such as chat.example.com";
    }

    /// <summary>What is wrong with an address of e-mail; null for nothing.</summary>
    public static string? ProblemOfEmail(string email) =>
        email.Split('@') is [{ Length: > 0 }, { Length: > 2 } host] && host.Contains('.', StringComparison.Ordinal) && !email.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is ',' or ';' or '<' or '>')
            ? null
            : $"'{email}': must be an address such as you@example.com";

    /// <summary>What is wrong with the routes together; null for nothing.</summary>
    public string? ProblemOfRoutes()
    {
        var twice = Routes.GroupBy(r => r.Path, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? null : $"'{twice.First().Path}/': two routes have this path; give each path to one service";
    }

    /// <summary>The commented file.</summary>
    public string Json()
    {
        var root = new JsonText()
            .Remark("The gateway in front of your services. Check it with `gateway check`, try it with `gateway dev`, serve it with `gateway run`.\nEvery key is described in gateway.schema.json and in the README.")
            .Add("Kestrel", new JsonText().Add("Endpoints", new JsonText()
                .Add("https", new JsonText().Add("Url", "https://*:443"))
                .Add("http", new JsonText().Add("Url", "http://*:80"), behind: "redirects to https")));
        if (Domains.Count > 0)
        {
            root.Add("AllowedHosts", string.Join(';', Domains), "The names that you serve; others get 421.");
            var acme = new JsonText().Add("AcceptTermsOfService", true).Add("DomainNames", new List<object>(Domains));
            if (Email is not null)
            {
                acme.Add("EmailAddress", Email);
            }

            root.Add("LettuceEncrypt", acme, "Certificates from Let's Encrypt, obtained and renewed by themselves. The names must lead to this machine, and port 80 or 443 be open.\nYou accept Let's Encrypt's terms of service: https://letsencrypt.org/repository/");
        }
        else
        {
            root.Remark("A public name gets its certificate by itself: put \"LettuceEncrypt\": { \"AcceptTermsOfService\": true, \"DomainNames\": [\"chat.example.com\"] } here.\nCertificate files go into \"Gateway\": { \"Certificates\": [{ \"Path\": \"...\", \"KeyPath\": \"...\" }] }. Until then the local CA's certificate is served.");
        }

        var (routes, clusters) = (new JsonText(), new JsonText());
        foreach (var route in Routes)
        {
            var json = new JsonText().Add("ClusterId", route.Name).Add("Match", new JsonText().Add("Path", route.Path + "/{**rest}"));
            if (route.WebSockets)
            {
                json.Add("Metadata", new JsonText().Add("WebSockets", "true"));
            }

            routes.Add(route.Name, json, behind: route.Path.Length == 0 ? "everything else" : null);
            clusters.Add(route.Name, new JsonText().Add("Destinations", new JsonText().Add("one", new JsonText().Add("Address", route.Address))));
        }

        return root.Add("ReverseProxy", new JsonText().Add("Routes", routes).Add("Clusters", clusters), "The services receive each path as it came. A route for WebSockets has \"Metadata\": { \"WebSockets\": \"true\" }.").ToString();
    }
}
