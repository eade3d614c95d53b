// The entry `@posthorn/receiver/schemes`: signatures other than Standard Webhooks.
export { type CustomScheme, customScheme } from './verify/custom.ts';
export { rfc9421 } from './verify/message.ts';
