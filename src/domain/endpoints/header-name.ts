// Name of a custom header that an endpoint may set on its requests.
import { z } from 'zod';
import { connectionHeader } from './connection-header.ts';

const reservedHeader = /^(webhook-|posthorn-|ce-)|^(content-type|content-encoding)$/i;

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be a valid HTTP header name of at most 100 characters')
  .refine(
    (name) => !reservedHeader.test(name) && !connectionHeader.test(name),
    'is reserved: Posthorn sets it, or it belongs to the connection',
  );
