namespace Gateway.Configuration;

/// <summary>Finds what someone who mistyped a word most likely meant.</summary>
internal static class DidYouMean
{
    private const int LongestWord = 64;

    /// <summary>The candidate nearest to <paramref name="word"/>, or null when none is near: one edit for short words, up to three for long ones.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        if (word.Length > LongestWord)
        {
            return null;
        }

        return candidates
            .Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate)))
            .Where(near => near.Distance <= Math.Clamp(near.Candidate.Length / 3, 1, 3) && near.Distance < near.Candidate.Length)
            .OrderBy(near => near.Distance)
            .Select(near => near.Candidate)
            .FirstOrDefault();
    }

    /// <summary>Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), ignoring case.</summary>
    public static int Distance(string left, string right)
    {
        var distance = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }

                var replace = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                var least = Math.Min(distance[i - 1, j - 1] + replace, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                {
                    least = Math.Min(least, distance[i - 2, j - 2] + 1);
                }

                distance[i, j] = least;
            }
        }

        return distance[left.Length, right.Length];
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
