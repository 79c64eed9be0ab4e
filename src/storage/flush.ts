import pg, { type Connection, type FieldDef, type PoolClient, type QueryResultRow } from 'pg';

/** One SQL statement. A name makes it prepared, once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type Rows = readonly QueryResultRow[];

/** A name that is prepared on a connection. */
interface PreparedName {
  readonly text: string;
  /** How its rows are read, once it was described; `doubtful` after an error, when it is unknown what the server has. */
  reader: RowReader | 'undescribed' | 'doubtful';
}
type Prepared = Map<string, PreparedName>;
const preparedOn = new WeakMap<Connection, Prepared>();

function preparedNames(connection: Connection): Prepared {
  const known = preparedOn.get(connection) ?? new Map();
  preparedOn.set(connection, known);
  return known;
}

/** A value as it goes over the wire. */
type WireValue = Buffer | string | null;

interface RowReader {
  addFields(fields: readonly FieldDef[]): void;
  parseRow(values: readonly unknown[]): QueryResultRow;
}

/** What pg exports and its types leave out. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as pg/lib/index.js has it
const { utils, Result } = pg as unknown as {
  readonly utils: { prepareValue(this: void, value: unknown): WireValue };
  readonly Result: new () => RowReader;
};

interface WireStatement {
  readonly name: string;
  readonly text: string;
  readonly values: WireValue[];
}

/**
 * Statements that leave in one packet and are answered in one, with a single Sync at the end: without a BEGIN among them
 * they are a transaction of their own (PostgreSQL, Frontend/Backend Protocol, 55.2.4 Pipelining). The first error skips
 * the rest. pg asks a Submittable to write itself and hands it each message of the answer.
 */
class Flush implements pg.Submittable {
  readonly #results: QueryResultRow[][] = [];
  #rows: QueryResultRow[] = [];
  #reader: RowReader | undefined;
  #prepared: Prepared = new Map();
  #unreadable: unknown;

  constructor(
    private readonly statements: readonly WireStatement[],
    private readonly resolve: (results: readonly Rows[]) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  readonly submit = (connection: Connection): Error | null => {
    this.#prepared = preparedNames(connection);
    const other = this.statements.find(({ name, text }) => (this.#prepared.get(name)?.text ?? text) !== text);
    if (other !== undefined) return new TypeError(`two statements have the name ${other.name}`);
    connection.stream.cork();
    for (const statement of this.statements) this.#write(connection, statement);
    connection.sync();
    connection.stream.uncork();
    return null;
  };

  #write(connection: Connection, { name, text, values }: WireStatement): void {
    const known = this.#prepared.get(name);
    if (known === undefined || known.reader === 'doubtful') {
      // Closing what isn't there is no error.
      if (known !== undefined) connection.close({ type: 'S', name }, true);
      connection.parse({ name, text, types: [] }, true);
      if (name !== '') this.#prepared.set(name, { text, reader: 'undescribed' });
    }
    connection.bind({ statement: name, values }, true);
    // What a prepared statement answers is the same each time: PostgreSQL refuses to run it otherwise.
    if (typeof known?.reader !== 'object') connection.describe({ type: 'P', name: '' }, true);
    connection.execute({}, true);
  }

  handleRowDescription({ fields }: { fields: readonly FieldDef[] }): void {
    this.#reader = new Result();
    this.#reader.addFields(fields);
  }

  handleDataRow({ fields }: { fields: readonly unknown[] }): void {
    try {
      this.#reader ??= this.#knownReader();
      this.#rows.push(this.#reader.parseRow(fields));
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  /** The reader of the statement that is being answered, which was described on an earlier flush. */
  #knownReader(): RowReader {
    const { reader } = this.#prepared.get(this.#answered()) ?? {};
    if (typeof reader !== 'object') throw new TypeError('rows came before their description');
    return reader;
  }

  /** Name of the statement that is being answered. */
  #answered(): string {
    return this.statements[this.#results.length]?.name ?? '';
  }

  handleCommandComplete(): void {
    const known = this.#prepared.get(this.#answered());
    if (known?.reader === 'undescribed') known.reader = this.#reader ?? new Result();
    this.#results.push(this.#rows);
    this.#rows = [];
    this.#reader = undefined;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleError(error: unknown): void {
    for (const { name } of this.statements) {
      const known = this.#prepared.get(name);
      if (known !== undefined) known.reader = 'doubtful';
    }
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#unreadable === undefined) this.resolve(this.#results);
    else this.reject(this.#unreadable);
  }
}

/** Sends statements in one flush and gives the rows of each. @throws the first error among them */
export function flush(client: PoolClient, statements: readonly Statement[]): Promise<readonly Rows[]> {
  return new Promise((resolve, reject) => {
    // A value that can't be written must fail before anything of the flush is.
    const wire = statements.map(({ name = '', text, values }) => ({
      name,
      text,
      values: values.map(utils.prepareValue),
    }));
    client.query(new Flush(wire, resolve, reject));
  });
}
