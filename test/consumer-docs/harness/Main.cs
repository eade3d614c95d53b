using System;
using System.Collections.Generic;
using System.Security.Cryptography;

public static class Program
{
    public static void Main()
    {
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            string[] parts = line.Split('\t');
            var headers = new Dictionary<string, string> { { "webhook-id", parts[0] }, { "webhook-timestamp", parts[1] }, { "webhook-signature", parts[2] } };
            try
            {
                Console.WriteLine(Webhook.Verify(headers, Convert.FromBase64String(parts[4]), parts[3].Split(' ')));
            }
            catch (CryptographicException)
            {
                Console.WriteLine("-");
            }
        }
    }
}
