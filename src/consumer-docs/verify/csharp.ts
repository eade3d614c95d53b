// Verification in C#. test/consumer-docs compiles and runs it.
export const csharp = String.raw`using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

public static class Webhook
{
    private const long ToleranceSeconds = 300;

    // Returns the id of a genuine request, which is the same on every retry: drop what you have. Throws otherwise.
    // headers: names in lower case. body: the bytes as they arrived, before any parsing.
    // secrets: the one of your endpoint; during a rotation also the one before.
    public static string Verify(IDictionary<string, string> headers, byte[] body, IEnumerable<string> secrets)
    {
        string id = Get(headers, "webhook-id"), timestamp = Get(headers, "webhook-timestamp");
        if (!Regex.IsMatch(id, @"\A[^.]+\z") || !Regex.IsMatch(timestamp, @"\A[1-9][0-9]{0,11}\z"))
            throw new CryptographicException("missing or malformed headers");
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp)) > ToleranceSeconds)
            throw new CryptographicException("too old, or the clock is wrong");
        byte[] start = Encoding.UTF8.GetBytes(id + "." + timestamp + ".");
        byte[] content = new byte[start.Length + body.Length];
        start.CopyTo(content, 0);
        body.CopyTo(content, start.Length);
        foreach (string secret in secrets)
        {
            byte[] key = Convert.FromBase64String(Regex.Replace(secret, "^whsec_", ""));
            using (HMACSHA256 hmac = new HMACSHA256(key))
            {
                byte[] right = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(hmac.ComputeHash(content)));
                foreach (string signature in Get(headers, "webhook-signature").Split(' '))
                    if (CryptographicOperations.FixedTimeEquals(right, Encoding.UTF8.GetBytes(signature)))
                        return id;
            }
        }
        throw new CryptographicException("no signature matches");
    }

    private static string Get(IDictionary<string, string> headers, string name)
    {
        return headers.TryGetValue(name, out string value) ? value : "";
    }
}
`;
