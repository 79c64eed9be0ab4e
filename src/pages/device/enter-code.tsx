import type { ReactNode } from 'react';

import { Fault, Hidden, type HiddenValues, SubmitButton } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { displayName } from '../text.js';
import { enterCodeStrings as strings } from './strings.js';

/** What was wrong with the code that was typed. */
export type CodeFault = keyof typeof strings.errors;

/** The page that asks for a device's code (RFC 8628 section 3.3). */
export interface EnterCodeModel {
  readonly action: string;
  readonly hidden: HiddenValues;
  /** What was typed before, or stood in the address. It is shown and never sent by itself (section 5.4). */
  readonly code?: string | undefined;
  readonly fault?: CodeFault | undefined;
}

/** The form's field. */
export const CODE_FIELD = 'user_code';
/** Room for a code that was pasted with blanks around and within. In characters. */
const CODE_CHARS_MAX = 40;

/**
 * Renders the page.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderEnterCode(frame: Frame, model: EnterCodeModel): string {
  const content = <EnterCode model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, error: model.fault !== undefined, content });
}

function EnterCode(props: { readonly model: EnterCodeModel; readonly action: string }): ReactNode {
  const { model, action } = props;
  const faulty = model.fault !== undefined;
  return (
    <>
      <h1>{strings.heading}</h1>
      <p className="muted" id="code-hint">
        {strings.intro}
      </p>
      <form className="stack" action={action} method="post" noValidate>
        <Hidden values={model.hidden} />
        <div>
          <label htmlFor="code">{strings.codeLabel}</label>
          {model.fault === undefined ? null : <Fault id="code-fault" text={strings.errors[model.fault]} />}
          <input
            id="code"
            name={CODE_FIELD}
            type="text"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            autoFocus
            required
            maxLength={CODE_CHARS_MAX}
            defaultValue={displayName(model.code ?? '', CODE_CHARS_MAX)}
            aria-invalid={faulty ? true : undefined}
            aria-describedby={faulty ? 'code-fault code-hint' : 'code-hint'}
          />
        </div>
        <SubmitButton primary>{strings.continueButton}</SubmitButton>
      </form>
    </>
  );
}
