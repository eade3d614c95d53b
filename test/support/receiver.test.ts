// A failed assertion inside a receiver's reply reaches the test, although the sender only sees a broken connection.
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from './receiver.ts';
import { throwFaults } from './receiver-faults.ts';

it('reports what a reply throws, once, and answers nothing', async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  receiver.answer('/hook', ({ method }) => expect(method).toBe('GET'));
  await expect(fetch(`${receiver.url}/hook`, { method: 'POST' })).rejects.toThrow();
  expect(throwFaults).toThrow(/to be 'GET'/);
  expect(throwFaults).not.toThrow();
});
