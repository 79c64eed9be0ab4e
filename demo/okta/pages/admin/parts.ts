import { html, type Html, type HtmlValue } from '../html.js';

/** A form that posts, as every change on the control pages does. */
export function postForm(action: string, body: HtmlValue, className = ''): Html {
  return html`<form method="post" action="${action}" class="${className}">${body}</form>`;
}

/** A form that is one button. */
export function postButton(
  action: string,
  label: string,
  kind: 'primary' | 'quiet' | 'danger' = 'quiet',
  fields: Readonly<Record<string, string>> = {},
): Html {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return postForm(
    action,
    html`${hidden}<button class="button button-small button-${kind}">${label}</button>`,
    'inline',
  );
}

export function textField(label: string, name: string, value: string, note?: string, type = 'text'): Html {
  return html`<label class="field"
    ><span>${label}</span
    ><input name="${name}" type="${type}" value="${value}" autocomplete="off" />
    ${note !== undefined && html`<small>${note}</small>`}</label
  >`;
}

export function textArea(label: string, name: string, value: string, note?: string, rows = 3): Html {
  return html`<label class="field"
    ><span>${label}</span
    ><textarea name="${name}" rows="${rows}" spellcheck="false">${value}</textarea>
    ${note !== undefined && html`<small>${note}</small>`}</label
  >`;
}

export type Options = readonly (readonly [value: string, label: string])[];

export function selectField(
  label: string,
  name: string,
  value: string,
  options: Options,
  note?: string,
): Html {
  return html`<label class="field"
    ><span>${label}</span
    ><select name="${name}">
      ${options.map(
        ([key, text]) => html`<option value="${key}" ${key === value && 'selected'}>${text}</option>`,
      )}
    </select>
    ${note !== undefined && html`<small>${note}</small>`}</label
  >`;
}

export function checkField(label: string, name: string, checked: boolean, value = 'true'): Html {
  return html`<label class="check"
    ><input type="checkbox" name="${name}" value="${value}" ${checked && 'checked'} /><span
      >${label}</span
    ></label
  >`;
}

type Tone = 'good' | 'bad' | 'warn' | 'plain';

export function badge(text: string, tone: Tone = 'plain'): Html {
  return html`<span class="badge badge-${tone}">${text}</span>`;
}

export function statusBadge(status: string): Html {
  if (status === 'ACTIVE') return badge('Active', 'good');
  const text = status.charAt(0) + status.slice(1).toLowerCase().replaceAll('_', ' ');
  return badge(text, status === 'DEPROVISIONED' || status === 'INACTIVE' ? 'plain' : 'warn');
}

/** A table that scrolls by itself on a narrow screen. */
export function table(caption: string, head: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="table-wrap" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head.map((title) => (title === '' ? html`<td></td>` : html`<th scope="col">${title}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

export function panel(title: string, body: HtmlValue, id?: string): Html {
  return html`<section class="panel" ${id !== undefined && html`id="${id}"`}>
    <h2>${title}</h2>
    ${body}
  </section>`;
}

/** Name and value, one below the other on phones. */
export function facts(rows: readonly (readonly [name: string, value: HtmlValue])[]): Html {
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** Text in which `such words` are code. */
export function prose(text: string): HtmlValue {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

export function code(text: string): Html {
  return html`<code class="value">${text}</code>`;
}
