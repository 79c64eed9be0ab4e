import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';

const { WEBHOOK_SECRET, PORT } = process.env;

const key = Buffer.from(WEBHOOK_SECRET.replace('whsec_', ''), 'base64');
const WINDOW_SECONDS = 300;
/** Ids of messages that were dealt with; keep them where all your servers see them. */
const seen = new Set();

/** Whether the message is Causeway's, unaltered and fresh. `body` is what came, byte by byte. */
function isGenuine(req, body) {
  const [id, time, signatures] = ['id', 'timestamp', 'signature'].map((name) => req.get(`webhook-${name}`));
  if (id === undefined || !/^\d+$/.test(time) || signatures === undefined) return false;
  if (Math.abs(Date.now() / 1000 - Number(time)) > WINDOW_SECONDS) return false;
  const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  return signatures.split(' ').some((signature) => {
    const [version, value = ''] = signature.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const app = express();
app.post('/devices', express.raw({ type: 'application/json' }), (req, res) => {
  if (!Buffer.isBuffer(req.body) || !isGenuine(req, req.body)) return res.status(401).end();
  const id = req.get('webhook-id');
  if (!seen.has(id)) {
    const { type, data } = JSON.parse(req.body);
    if (type === 'device.signed_in') {
      const { user, roles, deviceReference } = data;
      process.stdout.write(`${deviceReference} is ${user.userName}'s now, with ${roles.join(', ')}\n`);
    }
    seen.add(id);
  }
  return res.status(204).end();
});
app.listen(PORT);
