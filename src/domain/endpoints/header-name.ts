// Name of a custom header that an endpoint may set on its requests.
import { z } from 'zod';
import { faultText } from '../faults/fault.ts';
import { connectionHeader } from './connection-header.ts';

const reservedHeader = /^(webhook-|posthorn-|ce-)|^(content-type|content-encoding)$/i;

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, faultText('header_name', { most: 100 }))
  .refine((name) => !reservedHeader.test(name) && !connectionHeader.test(name), faultText('header_reserved'));
