<?php

require __DIR__ . '/webhook.php';

foreach (file('php://stdin', FILE_IGNORE_NEW_LINES) as $line) {
    [$id, $timestamp, $signature, $secrets, $body] = explode("\t", $line);
    $headers = ['webhook-id' => $id, 'webhook-timestamp' => $timestamp, 'webhook-signature' => $signature];
    try {
        echo verify_webhook($headers, base64_decode($body), explode(' ', $secrets)), "\n";
    } catch (RuntimeException $refused) {
        echo "-\n";
    }
}
