import type { ReactNode } from 'react';

import { besideStylesheet, passkeyScript } from '../assets.js';
import { Fault, Hidden, type HiddenValues, SubmitButton } from '../elements.js';
import type { Frame } from '../frame.js';

/** Names of the forms' fields. */
export const FIELDS = {
  userName: 'user_name',
  password: 'password',
  code: 'code',
  /** What the browser's passkey has answered, as JSON. */
  passkey: 'passkey',
} as const;

/** Address of the script of passkeys, beside the stylesheet. */
export const passkeyScriptHref = (frame: Frame): string | undefined =>
  besideStylesheet(frame.stylesheetHref, passkeyScript);

/** One labelled field. What was typed into it before is never shown again but for a name. */
export function Field(props: {
  readonly id: string;
  readonly label: string;
  readonly type?: 'text' | 'password';
  readonly autoComplete: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly value?: string | undefined;
  readonly autoFocus?: boolean;
  readonly maxLength?: number;
  readonly optional?: boolean;
}): ReactNode {
  const { id, hint, fault } = props;
  const notes = [
    ...(fault === undefined ? [] : [`${id}-fault`]),
    ...(hint === undefined ? [] : [`${id}-hint`]),
  ];
  return (
    <div>
      <label htmlFor={id}>{props.label}</label>
      {hint === undefined ? null : (
        <p className="muted small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault === undefined ? null : <Fault id={`${id}-fault`} text={fault} />}
      <input
        id={id}
        name={id}
        type={props.type ?? 'text'}
        autoComplete={props.autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={props.autoFocus}
        required={props.optional !== true}
        maxLength={props.maxLength}
        defaultValue={props.value}
        aria-invalid={fault === undefined ? undefined : true}
        aria-describedby={notes.length === 0 ? undefined : notes.join(' ')}
      />
    </div>
  );
}

/** The form that a passkey answers: hidden until the script shows it, because it works by nothing else. */
export function PasskeyForm(props: {
  readonly action: string;
  readonly ceremony: 'create' | 'get';
  readonly options: object;
  readonly hidden?: HiddenValues | undefined;
  readonly button: string;
  readonly words: { readonly missing: string; readonly stopped: string };
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <>
      <p className="muted" id="passkey-missing">
        {props.words.missing}
      </p>
      <div id="passkey-fault" role="alert" hidden>
        <Fault text={props.words.stopped} />
      </div>
      <form
        className="stack"
        id="passkey"
        action={props.action}
        method="post"
        hidden
        data-ceremony={props.ceremony}
        data-options={JSON.stringify(props.options)}
      >
        <Hidden values={{ ...props.hidden, [FIELDS.passkey]: '' }} />
        {props.children}
        <SubmitButton primary>{props.button}</SubmitButton>
      </form>
    </>
  );
}
