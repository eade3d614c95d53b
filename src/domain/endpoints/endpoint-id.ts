// The id of an endpoint, as requests name it in their query or body.
import { z } from 'zod';
import { isId } from '../ids.ts';

export const endpointId = z.string().refine((id) => isId('ep', id), 'must be the id of an endpoint, such as ep_…');
