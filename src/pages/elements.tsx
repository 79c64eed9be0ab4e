import type { ReactNode } from 'react';

import { safeHref } from './href.js';
import { fillPieces, type Names } from './text.js';

/**
 * Our words with names in them; each name is isolated, so that its direction can't turn the sentence around.
 */
export function Words({ of, names }: { readonly of: string; readonly names?: Names }): ReactNode {
  return fillPieces(of, names).map((piece, index) =>
    // oxlint-disable-next-line react/no-array-index-key -- static markup, rendered once
    piece.name ? <bdi key={index}>{piece.text}</bdi> : piece.text,
  );
}

const ICONS = {
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7.5V12l3 2',
  cross: 'M6 6l12 12M18 6 6 18',
  go: 'm9 5 7 7-7 7',
  lock: 'M6 10.5h12V19a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1ZM8.5 10.5v-3a3.5 3.5 0 0 1 7 0v3',
  pause: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M10 9v6M14 9v6',
  plug: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0ZM12 17v4',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20',
  shield: 'M12 3l7.5 2.8V11c0 4.8-3 8.2-7.5 10-4.5-1.8-7.5-5.2-7.5-10V5.8ZM12 8.5v4M12 15.8v.1',
  tick: 'm5 12.5 4.5 4.5L19 7.5',
  warning: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7.5v5M12 16v.1',
  window: 'M4 5h16v14H4ZM4 9.5h16M7 7.25h.1M9.5 7.25h.1',
  wrench:
    'M20 7.5a4.5 4.5 0 0 1-6 4.7L7.2 19A1.6 1.6 0 0 1 5 16.8l6.8-6.8A4.5 4.5 0 0 1 16.5 4l-2.7 2.7 3.5 3.5Z',
} as const;

export type IconName = keyof typeof ICONS;

/** A drawing that only repeats what the words beside it say. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** The drawing above a heading. */
export function Badge({
  name,
  tone,
}: {
  readonly name: IconName;
  readonly tone?: 'bad' | 'good';
}): ReactNode {
  return (
    <div className={tone === undefined ? 'badge' : `badge ${tone}`}>
      <Icon name={name} />
    </div>
  );
}

/** A link that looks like what it does: the way on. Nothing where the address isn't one a page may carry. */
export function LinkButton(props: {
  readonly href: string;
  readonly primary?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const href = safeHref(props.href);
  if (href === undefined) return null;
  return (
    <a className={props.primary === true ? 'button primary' : 'button'} href={href}>
      <span>{props.children}</span>
    </a>
  );
}

/** A button that sends its form. `name` and `value` tell which one was pressed. */
export function SubmitButton(props: {
  readonly primary?: boolean;
  readonly name?: string;
  readonly value?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <button
      type="submit"
      className={props.primary === true ? 'button primary' : 'button'}
      name={props.name}
      value={props.value}
    >
      <span>{props.children}</span>
    </button>
  );
}

/** Values that a form carries along, given by whoever receives it. */
export type HiddenValues = Readonly<Record<string, string>>;

/** Hidden fields of a form. */
export function Hidden({ values }: { readonly values: HiddenValues | undefined }): ReactNode {
  return Object.entries(values ?? {}).map(([name, value]) => (
    <input key={name} type="hidden" name={name} value={value} />
  ));
}

/** What went wrong with a field or a form, with a sign that isn't only colour. */
export function Fault({ id, text }: { readonly id?: string; readonly text: string }): ReactNode {
  return (
    <p className="fault" id={id}>
      <Icon name="warning" />
      <span>{text}</span>
    </p>
  );
}
