// The name of a header that may be set on requests to an endpoint.
import { z } from 'zod';

const reservedHeader =
  /^(webhook-|posthorn-|ce-)|^(host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|content-length|content-type|content-encoding|proxy-.*|user-agent)$/i;

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a header name')
  .refine((name) => !reservedHeader.test(name), 'is set by Posthorn or belongs to the connection');
