import { expect, test } from '@jest/globals';
import { OutboundError } from '../../src/outbound/error.js';
import { parseJson } from '../../src/outbound/json.js';

const answer = (contentType: string | undefined, body: string | Buffer) => ({
  headers: new Headers(contentType === undefined ? {} : { 'content-type': contentType }),
  body: Buffer.from(body),
});

test.each([
  'application/json',
  'Application/JSON; charset=utf-8',
  'application/jwk-set+json',
  'application/scim+json',
])('%s is read', (contentType) => {
  expect(parseJson(answer(contentType, '{"a":[1,null]}'))).toEqual({ a: [1, null] });
});

test.each<[what: string, contentType: string | undefined, body: string | Buffer]>([
  ['HTML', 'text/html', '<p>secret'],
  ['no type', undefined, '{}'],
  ['a type that only begins like it', 'application/jsonp', '{}'],
  ['truncated JSON', 'application/json', '{"secret":'],
  ['nothing', 'application/json', ''],
  ['invalid UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22])],
  ['two values', 'application/json', '{}{}'],
])('F-10 %s is a bad response, not quoted', (_what, contentType, body) => {
  const read = () => parseJson(answer(contentType, body));
  expect(read).toThrow(OutboundError);
  expect(read).toThrow(expect.objectContaining({ reason: 'bad_response' }));
  expect(read).not.toThrow(/secret/);
});
