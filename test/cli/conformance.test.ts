// `posthorn conformance` from a developer's machine, without a server.
import { afterAll, expect, it } from 'vitest';
import { knownType, secret, startTestReceiver } from '../conformance/receivers.ts';
import { openCli } from '../support/cli.ts';

const cli = openCli();
afterAll(() => cli.remove());

const check = (url: string, ...more: string[]) => cli.run(['conformance', url, '--secret', secret, '--type', knownType, ...more]);

it('passes a correct receiver, with exit code 0', async () => {
  const { url } = await startTestReceiver();
  const { code, stdout, stderr } = await check(url, '--data', '{"orderId":"1001"}', '--max-answer', '30000');
  expect([code, stderr]).toEqual([0, expect.stringContaining('score 100 of 100')]);
  expect(stdout).toMatch(/^passed +bad_signature /m);
});

it('tells a wrong receiver what to change, with exit code 1', async () => {
  const { url } = await startTestReceiver('stale_time');
  const [text, json] = await Promise.all([
    check(url, '--cases', 'stale_time,large'),
    cli.run(['--json', 'conformance', url, '--secret', secret, '--type', knownType]),
  ]);
  expect(text.code).toBe(1);
  expect(text.stdout).toMatch(/^failed +stale_time +a request signed an hour ago: accepted with 204/m);
  expect(text.stderr).toMatch(/stale_time: Refuse a request.*error: The receiver fails stale_time/s);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ passed: false, endpoint: null, eventType: knownType });
});

it.each([
  [['conformance', 'http://127.0.0.1:9/', '--secret', 'short'], '--secret: must be whsec_'],
  [['conformance', 'http://10.0.0.1/', '--secret', secret], 'http://10.0.0.1/ 10.0.0.1 '],
  [['conformance', 'nonsense', '--secret', secret], 'must be an absolute http or https URL'],
  [['conformance', 'http://127.0.0.1:9/', '--secret', secret, '--cases', 'bogus'], '--cases: bogus is unknown'],
  [['conformance', 'http://127.0.0.1:9/', '--secret', secret, '--data', '{"a"'], '--data: is not JSON'],
  [['conformance', 'http://127.0.0.1:9/'], 'Which tenant?'],
])('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await cli.run(args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
