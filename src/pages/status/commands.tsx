import type { ReactNode } from 'react';

/** A list of "what it does" and what to type, in order. */
export function Commands(props: {
  readonly commands: readonly (readonly [does: string, command: string])[];
}): ReactNode {
  return props.commands.map(([does, command]) => (
    <div key={command}>
      <p>{does}</p>
      <pre>
        <code>{command}</code>
      </pre>
    </div>
  ));
}
