namespace Gateway.Import.Nginx;

/// <summary>The routes of one server, as they are found.</summary>
/// <param name="server">Whose routes.</param>
/// <param name="areOnly">Whether there is no other server, whose routes' names would have to differ.</param>
internal sealed class ServerRoutes(NginxServer server, bool areOnly)
{
    private readonly List<RankedRoute> _routes = [];

    public IReadOnlyList<RankedRoute> All => _routes;

    /// <summary>Whether there is no other server.</summary>
    public bool AreOnly => areOnly;

    /// <summary>For the comment: place and text, as <c>site:12  location /api/</c>.</summary>
    public static string Origin(NginxDirective directive) => $"{directive.Place.Short}  {directive.ToString().TrimEnd('{', ' ')}";

    public string NameOf(string name) => areOnly ? name : name == "web" ? server.Title : $"{server.Title}-{name}";

    public void Add(ImportedRoute route, RouteRank rank, NginxDirective source)
    {
        var name = route.Name;
        for (var i = 2; _routes.Any(r => r.Route.Name.Equals(route.Name, StringComparison.OrdinalIgnoreCase)); i++)
        {
            route.Name = $"{name}-{i}";
        }

        _routes.Add(new RankedRoute(route, rank, source));
    }
}
