// Verification in PHP. test/consumer-docs runs it.
export const php = String.raw`<?php

const TOLERANCE_SECONDS = 300;

/**
 * Returns the id of a genuine request, which is the same on every retry: drop what you have. Throws otherwise.
 *
 * $headers: names in lower case. $body: the bytes as they arrived, file_get_contents('php://input').
 * $secrets: the one of your endpoint; during a rotation also the one before.
 */
function verify_webhook(array $headers, string $body, array $secrets): string
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (!preg_match('/\A[^.]+\z/', $id) || !preg_match('/\A[1-9][0-9]{0,11}\z/', $timestamp)) {
        throw new RuntimeException('missing or malformed headers');
    }
    if (abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        throw new RuntimeException('too old, or the clock is wrong');
    }
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false) {
            throw new RuntimeException('the secret is not whsec_ and base64');
        }
        $right = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        foreach (explode(' ', $headers['webhook-signature'] ?? '') as $signature) {
            if (hash_equals($right, $signature)) {
                return $id;
            }
        }
    }
    throw new RuntimeException('no signature matches');
}
`;
