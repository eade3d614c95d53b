// The name of a header that may be set on requests to an endpoint.
import { z } from 'zod';
import { connectionHeader } from './connection-header.ts';

const reservedHeader = /^(webhook-|posthorn-|ce-)|^(content-type|content-encoding)$/i;

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a header name')
  .refine((name) => !reservedHeader.test(name) && !connectionHeader.test(name), 'is set by Posthorn or belongs to the connection');
