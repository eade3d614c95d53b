// The server of the product: serves the built page, and makes portal links for the customer who is signed in.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { Posthorn } from '@posthorn/client';

const { POSTHORN_URL = 'http://127.0.0.1:8080', POSTHORN_API_KEY = '', TENANT = 'demo', PORT = '3000' } = process.env;
const dist = join(import.meta.dirname, 'dist');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const posthorn = new Posthorn({ url: POSTHORN_URL, apiKey: POSTHORN_API_KEY });

/** A real product reads it from the session of the request, and never from what the browser says. */
const tenantOf = (_request) => TENANT;

async function answer(request, response) {
  if (request.method === 'POST' && request.url === '/api/webhook-portal') {
    const { url } = await posthorn.portalLinks.create({
      tenant: tenantOf(request),
      expiresIn: '15m',
      origins: [`http://localhost:${PORT}`],
      theme: { accent: '#7a3ff2', radius: 8 },
    });
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify({ url }));
    return;
  }
  const path = normalize(new URL(request.url, 'http://localhost').pathname);
  const file = join(dist, path === '/' ? 'index.html' : path);
  const content = await readFile(file).catch(() => null);
  if (!content) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(content);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(502).end();
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${PORT}`));
