import { ANSWER_FAULTS } from '../../failures/answers.js';
import { FAILURES, type ActiveFailure, type FailureId } from '../../failures/failures.js';
import { ENDPOINTS, type Failure } from '../../failures/types.js';
import type { OktaOrg } from '../../org.js';
import { html, type Html } from '../html.js';
import { badge, postButton, postForm, prose, selectField, textField } from './parts.js';
import { adminPage } from './shell.js';

const COUNTS = [
  ['', 'until ended'],
  ['1', 'next request'],
  ['3', 'next 3'],
  ['10', 'next 10'],
] as const;

function active(failure: ActiveFailure): Html {
  return html`<li>
    <span
      ><strong>${failure.failure.group}: ${failure.failure.title}</strong>
      <code>${failure.id}</code> ${failure.value !== '' && html`<small>${failure.value}</small>`}</span
    >
    ${badge(failure.left === Infinity ? 'until ended' : `${failure.left} more`, 'warn')}
    ${postButton('/admin/troubles/heal', 'End', 'quiet', { id: failure.id })}
  </li>`;
}

function times(label: string): Html {
  return html`<select name="times" aria-label="${label}">
    ${COUNTS.map(([value, text]) => html`<option value="${value}">${text}</option>`)}
  </select>`;
}

function row(org: OktaOrg, id: FailureId, failure: Failure): Html {
  const on = org.failures.list().some((one) => one.id === id);
  return html`<li class="${on ? 'trouble on' : 'trouble'}">
    <div>
      <strong>${failure.title}</strong>
      <p>${prose(failure.detail)}</p>
      <code>${id}</code>
    </div>
    ${postForm(
      '/admin/troubles',
      [
        html`<input type="hidden" name="id" value="${id}" />`,
        failure.value !== undefined &&
          html`<input
            name="value"
            placeholder="${failure.value.default}"
            aria-label="${failure.value.label}"
          />`,
        times(`How long: ${failure.title}`),
        html`<button class="button button-small button-quiet">Cause</button>`,
      ],
      'cause',
    )}
  </li>`;
}

function group(org: OktaOrg, name: string, members: readonly (readonly [FailureId, Failure])[]): Html {
  const on = members.filter(([id]) => org.failures.list().some((one) => one.id === id)).length;
  return html`<details class="panel trouble-group" ${on > 0 && 'open'}>
    <summary>
      <h2>${name}</h2>
      <span>${members.length}</span>${on > 0 && badge(`${on} on`, 'warn')}
    </summary>
    <ul>
      ${members.map(([id, failure]) => row(org, id, failure))}
    </ul>
  </details>`;
}

/** Faults of the wire: any of them at any endpoint. */
function wirePanel(): Html {
  return html`<section class="panel">
    <h2>Answers</h2>
    ${postForm(
      '/admin/troubles',
      [
        selectField(
          'Endpoint',
          'endpoint',
          'token',
          ENDPOINTS.map((name) => [name, name]),
        ),
        selectField(
          'What happens',
          'fault',
          'http_500',
          Object.entries(ANSWER_FAULTS).map(([id, { title, detail }]) => [id, `${title}: ${detail}`]),
        ),
        textField('Value', 'value', '', 'for 429: seconds until reset; for a redirect: where to'),
        html`<label class="field"><span>How long</span>${times('How long')}</label>`,
        html`<button class="button button-primary">Cause</button>`,
      ],
      'grid',
    )}
  </section>`;
}

/** Every failure of the table, with a button. */
export function troublesPage(org: OktaOrg): Html {
  const groups = new Map<string, [FailureId, Failure][]>();
  for (const [id, failure] of FAILURES) {
    if (failure.effect.kind === 'answer') continue;
    groups.set(failure.group, [...(groups.get(failure.group) ?? []), [id, failure]]);
  }
  const list = org.failures.list();
  return adminPage(org, '/admin/troubles', 'Causes of trouble', [
    html`<p class="lead">
      What can go wrong between an org and those who trust it. Tests use the same names.
    </p>`,
    list.length > 0 &&
      html`<section class="panel">
        <h2>On now</h2>
        <ul class="rows">
          ${list.map(active)}
        </ul>
      </section>`,
    wirePanel(),
    [...groups].map(([name, members]) => group(org, name, members)),
  ]);
}
