/**
 * What the pages of passkeys run: it takes options out of the form, asks the browser, and sends the form with what came
 * of it. It reads no address, keeps nothing, and makes no markup. Without it, or without passkeys, the form stays hidden
 * and the page offers a password (WebAuthn Level 2, sections 5.1.3 and 5.1.4).
 */
export const PASSKEY_SCRIPT = `'use strict';
(() => {
  const form = document.getElementById('passkey');
  const missing = document.getElementById('passkey-missing');
  const fault = document.getElementById('passkey-fault');
  if (form === null || window.PublicKeyCredential === undefined) return;
  form.hidden = false;
  missing.hidden = true;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(''))
      .replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, '');
  const known = (list) => (list || []).map((one) => Object.assign({}, one, { id: bytes(one.id) }));

  const create = async (options) => {
    const name = form.elements.namedItem('user_name');
    const user = Object.assign({}, options.user, { id: bytes(options.user.id) });
    if (name !== null) user.name = name.value;
    user.displayName = user.name;
    const publicKey = Object.assign({}, options, {
      challenge: bytes(options.challenge), user, excludeCredentials: known(options.excludeCredentials),
    });
    const made = await navigator.credentials.create({ publicKey });
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    return [made, { attestationObject: text(made.response.attestationObject), transports }];
  };
  const get = async (options) => {
    const publicKey = Object.assign({}, options, { challenge: bytes(options.challenge), allowCredentials: [] });
    const used = await navigator.credentials.get({ publicKey });
    const { authenticatorData, signature, userHandle } = used.response;
    return [used, {
      authenticatorData: text(authenticatorData), signature: text(signature),
      userHandle: userHandle === null ? '' : text(userHandle),
    }];
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    fault.hidden = true;
    const ask = form.dataset.ceremony === 'create' ? create : get;
    ask(JSON.parse(form.dataset.options)).then(
      ([credential, response]) => {
        const clientDataJSON = text(credential.response.clientDataJSON);
        form.elements.namedItem('passkey').value = JSON.stringify({
          id: credential.id, rawId: text(credential.rawId), type: credential.type,
          response: Object.assign({ clientDataJSON }, response), clientExtensionResults: {},
        });
        form.submit();
      },
      () => { fault.hidden = false; },
    );
  });
})();
`;
