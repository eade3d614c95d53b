// The package `posthorn/receiver`: what receivers of webhooks import.
export { type VerificationFailure, type VerifiedWebhook, verifyWebhook, type WebhookToVerify, WebhookVerificationError } from './verify.ts';
export { type CustomToVerify, verifyCustom } from './verify-custom.ts';
export { type MessageToVerify, verifyMessage } from './verify-message.ts';
