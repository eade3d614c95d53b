// Verification in Java. test/consumer-docs compiles and runs it.
export const java = `import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Webhook {
    private static final long TOLERANCE_SECONDS = 300;

    /**
     * Returns the id of a genuine request, which is the same on every retry: drop what you have. Throws otherwise.
     * headers: names in lower case. body: the bytes as they arrived, before any parsing.
     * secrets: the one of your endpoint; during a rotation also the one before.
     */
    public static String verify(Map<String, String> headers, byte[] body, List<String> secrets) throws GeneralSecurityException {
        String id = headers.getOrDefault("webhook-id", "");
        String timestamp = headers.getOrDefault("webhook-timestamp", "");
        if (!id.matches("[^.]+") || !timestamp.matches("[1-9][0-9]{0,11}")) {
            throw new GeneralSecurityException("missing or malformed headers");
        }
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) {
            throw new GeneralSecurityException("too old, or the clock is wrong");
        }
        for (String secret : secrets) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] right = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
            for (String signature : headers.getOrDefault("webhook-signature", "").split(" ")) {
                if (MessageDigest.isEqual(right, signature.getBytes(StandardCharsets.UTF_8))) {
                    return id;
                }
            }
        }
        throw new GeneralSecurityException("no signature matches");
    }
}
`;
