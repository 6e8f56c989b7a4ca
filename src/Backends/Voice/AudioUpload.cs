using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Backends.Voice;

/// <summary>The file field "audio" of a multipart form, written straight to a file: an upload of 100 MB needs no memory.</summary>
internal static class AudioUpload
{
    /// <summary>False when the request has no such field.</summary>
    /// <exception cref="InvalidDataException">The form is malformed.</exception>
    public static async Task<bool> SaveAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 200 } boundary)
        {
            return false;
        }
        var found = false;
        var reader = new MultipartReader(boundary.Value!, request.Body);
        // Read to the end in any case: a client that is still sending would not read an early answer.
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (!found && section.AsFileSection() is { Name: "audio" })
            {
                await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                await section.Body.CopyToAsync(file, cancellationToken);
                found = true;
            }
        }
        return found;
    }
}
