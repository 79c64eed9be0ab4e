import { FIELDS } from './form-parts.js';

/** What a form of these pages may hold. */
export interface Filled {
  readonly userName: string;
  readonly password: string;
  readonly code: string;
  /** What the browser's passkey has answered; undefined: the form is of a password. */
  readonly passkey: unknown;
}

/** Reads such a form: nothing in it is trusted. */
export function filledOf(form: URLSearchParams): Filled {
  return {
    userName: form.get(FIELDS.userName) ?? '',
    password: form.get(FIELDS.password) ?? '',
    code: form.get(FIELDS.code) ?? '',
    passkey: form.has(FIELDS.passkey) ? parsed(form.get(FIELDS.passkey) ?? '') : undefined,
  };
}

/** Null where it is no JSON: then it is no passkey's answer either. */
function parsed(text: string): unknown {
  try {
    const answer: unknown = JSON.parse(text);
    return answer ?? null;
  } catch {
    return null;
  }
}
