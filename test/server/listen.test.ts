import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { listen } from '../../src/server/listen.js';

/** What a server says to these very bytes, until it closes or has said nothing for a while. */
function said(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

test('A-116 two lengths of one body, and endless headers, are cut off and reach nobody', async () => {
  let reached = 0;
  const listener = await listen(
    (request, response) => {
      request.resume().on('end', () => {
        reached += 1;
        response.end();
      });
    },
    '127.0.0.1',
    0,
  );
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\n';
  for (const smuggled of [
    'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    'Content-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  ])
    expect(await said(listener.port, head + smuggled)).toMatch(/^HTTP\/1.1 400 /);
  const many = Array.from({ length: 5_000 }, (_, index) => `X-${index}: 1\r\n`).join('');
  for (const headers of [`Cookie: a=${'x'.repeat(20_000)}\r\n`, many])
    expect(await said(listener.port, `${head}${headers}\r\n`)).toMatch(/^(?:HTTP\/1.1 431 |$)/);
  expect(reached).toBe(0);
  await listener.stop(1_000);
});
