// A failed assertion inside a receiver's reply reaches the test, although the sender only sees a
// broken connection.
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from './receiver.ts';
import { throwFaults } from './receiver-faults.ts';

it('reports an error thrown by a reply once, and sends no response', async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  receiver.answer('/hook', ({ method }) => expect(method).toBe('GET'));
  await expect(fetch(`${receiver.url}/hook`, { method: 'POST' })).rejects.toThrow();
  expect(throwFaults).toThrow(/to be 'GET'/);
  expect(throwFaults).not.toThrow();
});
