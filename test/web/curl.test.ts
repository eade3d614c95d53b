// A copied curl command, run by a real shell: what others wrote stays an argument, and arrives to the byte.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { curlOf } from '../../web/src/parts/attempts/curl.ts';
import { startReceiver } from '../support/receiver.ts';

const receiver = await startReceiver();
afterAll(() => receiver.close());

const hostile = [
  `{"a":"it's $(touch /tmp/ran) \`id\` $HOME \\\\ \\n !! %41"}`,
  `'; exit 1; echo '`,
  '@/etc/passwd',
  '--next',
  'line one\nline two\r\n\ttab "quotes" [1-3]{a,b} é 漢 🎺',
  '-',
  '',
];

it.each(hostile)('sends %j as it is', async (text) => {
  const value = text.replace(/[^\x20-\x7e]/g, '');
  const id = `curl${hostile.indexOf(text)}`;
  const command = curlOf({
    url: `${receiver.url}/curl?list[]=1&range=[1-3]&set={a,b}&quote='%20`,
    headers: [
      ['host', 'elsewhere.example.com'],
      ['content-length', '1'],
      ['webhook-id', id],
      ['content-type', 'text/plain'],
      ['x-text', value],
      ['x-empty', ''],
    ],
    body: text,
  });
  await promisify(execFile)('sh', ['-c', command]);
  const [request] = receiver.of(id);
  expect(request?.body.toString()).toBe(text);
  expect(request?.headers['x-text']).toBe(value.trim());
  expect(request?.headers).toMatchObject({ 'x-empty': '', 'content-type': 'text/plain' });
});
