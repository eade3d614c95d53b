// The types of packages/client say what the schemas say today. `-u` writes them again.
import { expect, it } from 'vitest';
import { clientTypes } from '../support/client-types.ts';

it('the types of the client are those of the schemas', async () => {
  await expect(clientTypes()).toMatchFileSnapshot('../../packages/client/src/api-types.ts');
});
