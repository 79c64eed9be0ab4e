/**
 * Domains that belong to everybody: whoever had one verified would steer strangers' sign-ins (A-12). Not the
 * whole public suffix list: what is missing still needs the operator's word or a proof by DNS.
 */
const PUBLIC_SUFFIXES: ReadonlySet<string> = new Set([
  'ac.uk',
  'azurewebsites.net',
  'cloudfront.net',
  'co.in',
  'co.jp',
  'co.kr',
  'co.nz',
  'co.uk',
  'co.za',
  'com.au',
  'com.br',
  'com.cn',
  'com.mx',
  'com.sg',
  'com.tr',
  'edu.au',
  'github.io',
  'gov.uk',
  'herokuapp.com',
  'ne.jp',
  'net.au',
  'netlify.app',
  'or.jp',
  'org.au',
  'org.uk',
  'pages.dev',
  'vercel.app',
  'web.app',
  'workers.dev',
]);

/** Mail for everyone: people of many organizations have addresses there. */
const FREE_MAIL: ReadonlySet<string> = new Set([
  '163.com',
  'aol.com',
  'fastmail.com',
  'gmail.com',
  'gmx.com',
  'gmx.de',
  'gmx.net',
  'googlemail.com',
  'hey.com',
  'hotmail.com',
  'icloud.com',
  'live.com',
  'mac.com',
  'mail.com',
  'mail.ru',
  'me.com',
  'msn.com',
  'outlook.com',
  'proton.me',
  'protonmail.com',
  'qq.com',
  'tutanota.com',
  'web.de',
  'yahoo.com',
  'yandex.ru',
  'ymail.com',
  'zoho.com',
]);

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why the name, in its A-label form, is no mail domain; undefined when it is one. */
export function faultOfDomain(name: string): string | undefined {
  const labels = name.split('.');
  const isName =
    name.length <= 253 &&
    labels.length >= 2 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '');
  return isName ? undefined : 'must be a domain such as acme.example, without a dot at its end';
}

/** Why nobody may have the domain verified; undefined when somebody may. */
export function faultOfVerifying(name: string): string | undefined {
  if (FREE_MAIL.has(name)) return "can't be verified: mail addresses there belong to everybody";
  if (PUBLIC_SUFFIXES.has(name)) return "can't be verified: domains of many organizations are below it";
  return undefined;
}
