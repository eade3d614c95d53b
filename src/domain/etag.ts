// The tag of the settings of a resource: a field of its JSON, the header ETag, and what If-Match is compared with.
import { z } from 'zod';

export const etag = z
  .string()
  .describe(
    'tag of the settings that can be changed, with its quotes, to send as `If-Match`. What changes without a change of them, such as counters, does not change it',
  );
