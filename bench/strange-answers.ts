// Sends each strange answer of test/outbound to curl, Python's http.client, Go's net/http and
// Node's http, and prints how each interprets it, as the table of docs/endpoints.md. Needs curl,
// python3 and go. A number is the status of an answer that the client accepted as complete.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { strangeAnswers } from '../test/outbound/strange-answers.ts';

const patienceMs = 5_000;
const curlArgs = ['-s', '--http1.1', '--max-time', String(patienceMs / 1_000), '-d', '{}', '-o', '/dev/null', '-w', '%{http_code}'];
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'strange-answers-'));

const python = `
import http.client, sys
try:
    c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=${patienceMs / 1_000})
    c.request('POST', sys.argv[2], b'{}')
    r = c.getresponse()
    r.read()
    print(r.status)
except Exception as e:
    print('error')
`;
const go = `package main
import ("fmt"; "io"; "net/http"; "os"; "strings"; "time")
func main() {
	c := http.Client{Timeout: ${patienceMs} * time.Millisecond}
	r, err := c.Post("http://127.0.0.1:" + os.Args[1] + os.Args[2], "application/json", strings.NewReader("{}"))
	if err == nil { _, err = io.ReadAll(r.Body) }
	if err != nil { fmt.Print("error"); return }
	fmt.Print(r.StatusCode)
}
`;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const answer = strangeAnswers[Number(/^POST \/(\d+)/.exec(chunk.toString('latin1'))?.[1])];
    const bytes = Buffer.from(answer?.bytes ?? '', 'latin1');
    if (answer?.closes) socket.end(bytes);
    else socket.write(bytes);
  });
});

/** The output of a client, or that it failed or hung. */
function byCommand(file: string, args: string[]): Promise<string> {
  return run(file, args, { timeout: 15 * patienceMs }).then(
    ({ stdout }) => stdout.trim(),
    () => 'error',
  );
}

function byNode(port: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, path, method: 'POST', timeout: patienceMs });
    asking
      .on('error', () => resolve('error'))
      .on('close', () => setImmediate(resolve, 'error'))
      .on('timeout', () => asking.destroy())
      .on('response', (response) => {
        response
          .resume()
          .on('end', () => resolve(String(response.statusCode)))
          .on('error', () => resolve('error'));
      })
      .end('{}');
  });
}

async function main(): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = String((server.address() as AddressInfo).port);
  writeFileSync(join(folder, 'main.go'), go);
  await run('go', ['build', '-o', join(folder, 'ask'), join(folder, 'main.go')]);
  const rows: string[] = [];
  // a few run concurrently, so that answers that make a client wait do not delay the others
  const left = strangeAnswers.entries();
  const askNext = async () => {
    for (const [n, { name, outcome, flaw, isKept }] of left) {
      const path = `/${n}`;
      const said = [
        byCommand('curl', [...curlArgs, `http://127.0.0.1:${port}${path}`]),
        byCommand('python3', ['-c', python, port, path]),
        byCommand(join(folder, 'ask'), [port, path]),
        byNode(port, path),
      ];
      const ours = `\`${outcome}\`${flaw ? ', flaw reported' : ''}${isKept ? '' : ', connection closed'}`;
      rows[n] = `| ${[name, ...(await Promise.all(said)), ours].join(' | ')} |`;
    }
  };
  await Promise.all([askNext(), askNext(), askNext(), askNext()]);
  const lines = ['| answer | curl | Python | Go | Node | Posthorn |', '| --- | --- | --- | --- | --- | --- |', ...rows];
  process.stdout.write(`${lines.join('\n')}\n`);
}

await main().finally(() => {
  rmSync(folder, { recursive: true });
  server.close();
});
process.exit();
