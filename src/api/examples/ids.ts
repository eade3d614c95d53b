// Ids that the examples of the OpenAPI document share, so that one example leads to the next.

export const tenantId = 'acme';
export const eventId = 'evt_019cabf3e1c07d8a9f2b64c1d07e35a8';
export const endpointId = 'ep_019c81d4a6f07b3e8c5da90f12e4b763';
export const deliveryId = 'dlv_019cabf3e1c07d8a9376cdcec29a82cb';
export const attemptId = 'att_019cabf3e2b97f04a1c83d5e7790b26d';
export const keyId = 'key_019c7a10b5d474e2b96c1f8a3e05d742';
export const replayId = 'rpl_019cac1f6d2a7b94a3c5e8f01b7d4296';
export const linkId = 'lnk_019cabf0127c7c51a8e4b3d6f9072a15';
export const sessionId = 'ses_019cabd20d107b4c9e61f3a85b7c2d40';
export const sandboxId = 'sbx_019cac2051d37c0e8b46a2f97d15e380';

/** Of settings. */
export const etagExample = '"h3kGTB0lRt5xW2mZqLJ9ug"';

/** The `nextCursor` of a page that ends with this id. */
export const cursorOf = (id: string) => Buffer.from(id).toString('base64url');

/** An example of each parameter in paths. */
export const pathExamples: Record<string, string> = {
  tenant: tenantId,
  event: eventId,
  request: '019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8',
  endpoint: endpointId,
  delivery: deliveryId,
  attempt: attemptId,
  replay: replayId,
  key: keyId,
  link: linkId,
  session: sessionId,
  sandbox: sandboxId,
  secret: 'sec_019c81d4a6f87d1c9b3e5a70c2d4f816',
  subject: 'customer-4711',
  type: 'order.created',
  version: '2',
  from: '2',
  to: '1',
  alert: 'alr_019cab6f10b87e24b7c05d92a1f3e846',
  channel: 'ach_019cab6d77c07b1f8d40a9e3c52b6f11',
};
