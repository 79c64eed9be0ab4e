import type { ReactNode } from 'react';

import { Fault, Hidden, type HiddenValues, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref, safeHref } from '../href.js';
import { displayName, EMAIL_CHARS_MAX } from '../text.js';
import { discoveryStrings as strings } from './strings.js';

/** What was wrong with the address that was typed. */
export type DiscoveryFault = keyof typeof strings.errors;

/** The page that asks for the e-mail address, to find the organization's connection (A8). */
export interface DiscoveryModel {
  readonly action: string;
  /** `post` keeps the address out of logs and history; `get` is for a page that must leave by itself. */
  readonly method?: 'get' | 'post';
  readonly hidden?: HiddenValues;
  /** Name of the field; `email` when not given. */
  readonly fieldName?: string;
  /** What was typed before. */
  readonly email?: string | undefined;
  readonly fault?: DiscoveryFault | undefined;
  /** To the page of local accounts, where everybody may have one. */
  readonly localHref?: string | undefined;
}

/**
 * Renders the discovery page.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderDiscovery(frame: Frame, model: DiscoveryModel): string {
  const content = <Discovery frame={frame} model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, error: model.fault !== undefined, content });
}

interface Props {
  readonly frame: Frame;
  readonly model: DiscoveryModel;
  readonly action: string;
}

function Discovery({ frame, model, action }: Props): ReactNode {
  const application = displayName(frame.applicationName ?? '');
  const heading = application === '' ? strings.headingWithoutApplication : strings.heading;
  const faulty = model.fault !== undefined;
  const local = safeHref(model.localHref ?? '');
  return (
    <>
      <h1>
        <Words of={heading} names={{ application }} />
      </h1>
      <p className="muted">{strings.intro}</p>
      <form className="stack" action={action} method={model.method ?? 'post'} noValidate>
        <Hidden values={model.hidden} />
        <div>
          <label htmlFor="email">{strings.emailLabel}</label>
          {model.fault === undefined ? null : <Fault id="email-fault" text={strings.errors[model.fault]} />}
          <input
            id="email"
            name={model.fieldName ?? 'email'}
            type="email"
            autoComplete="email"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            maxLength={EMAIL_CHARS_MAX}
            defaultValue={displayName(model.email ?? '', EMAIL_CHARS_MAX)}
            aria-invalid={faulty ? true : undefined}
            aria-describedby={faulty ? 'email-fault' : undefined}
          />
        </div>
        <SubmitButton primary>{strings.continueButton}</SubmitButton>
      </form>
      {local === undefined ? null : (
        <p className="away">
          <a href={local}>{strings.localAccount}</a>
        </p>
      )}
    </>
  );
}
