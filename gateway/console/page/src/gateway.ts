/* How the page asks the gateway. Whatever goes wrong becomes a Trouble, whose kind the page has words for. */

import { getIntrospectionQuery, type IntrospectionQuery } from "graphql";

export interface Purpose {
  name: string;
  sentence: string;
  objection: string | null;
  binding: string | null;
}

export interface TokenFacts {
  client: string;
  bound: string[];
  purposes: Purpose[];
}

export interface Reason {
  key: string;
  words: Record<string, string>;
  says: string;
}

/** Its mark, or null for what has no line of its own; whether it is there; places among the reasons. */
export type Rule = [mark: string | null, visible: boolean, why: number[]];

export interface Rules {
  digest: string;
  purposes: Purpose[];
  marks: Record<string, string>;
  sentences: Record<string, string>;
  reasons: Reason[];
  fields: Record<string, Record<string, Rule>>;
}

export interface Explanation {
  field: string;
  purpose: string;
  visible: boolean;
  mark: string | null;
  why: Reason[];
  terms: string;
  resolver: string | null;
  views: string[];
  proofs: { invariant: string; says: string; tests: string[] }[];
}

export type Both = { en: string; de: string };

export interface DemoToken {
  name: string;
  about: Both;
  purposes: string[];
  token: string;
  messenger: string | null;
  social: string | null;
}

export interface Example {
  purpose: string;
  beside?: string;
  document: string;
  variables: Record<string, unknown>;
  look: Both;
}

export interface Demo {
  tokens: DemoToken[];
  examples: Example[];
}

export interface GraphQLFault {
  message: string;
  locations?: { line: number; column: number }[];
  extensions?: { code?: string };
}

export interface Answered {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFault[];
}

/** An answer as it came: its text, its size in bytes, the request's id. */
export interface Reply {
  status: number;
  text: string;
  requestId: string | null;
}

export type TroubleKind = "away" | "token" | "purpose" | "often" | "store" | "strange";

/** Why there is no answer. `code` is the gateway's, where it gave one. */
export class Trouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    readonly code = "",
  ) {
    super(code || kind);
  }
}

const KINDS: Record<string, TroubleKind> = {
  TOKEN_REFUSED: "token",
  PURPOSE_REFUSED: "purpose",
  TOO_MANY_REQUESTS: "often",
  TOO_MANY_AT_ONCE: "often",
  TOO_MANY_QUESTIONS: "often",
  TOO_MANY_PEOPLE: "often",
  STORE_UNAVAILABLE: "store",
  NOT_RECORDED: "store",
};

/** A token that no header could bear would fail like an absent gateway. */
const MAY_BE_TOKEN = /^[\x21-\x7e]+$/;

function authorised(token: string): Record<string, string> {
  if (!MAY_BE_TOKEN.test(token)) throw new Trouble("token");
  return { Authorization: `Bearer ${token}` };
}

async function fetched(path: string, options: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(path, {
      ...options,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    return {
      status: response.status,
      text: await response.text(),
      requestId: response.headers.get("x-request-id"),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Trouble("away");
  }
}

function codeIn(text: string): string {
  try {
    const answered = JSON.parse(text) as Answered;
    return answered.errors?.[0]?.extensions?.code ?? "";
  } catch {
    return "";
  }
}

function troubleOf(reply: Reply): Trouble {
  const code = codeIn(reply.text);
  return new Trouble(KINDS[code] ?? (reply.status === 401 ? "token" : "strange"), code);
}

async function fact<T>(about: string, token: string | null): Promise<T> {
  const headers = token === null ? {} : authorised(token);
  const reply = await fetched(`/console/facts/${about}`, { headers });
  if (reply.status !== 200) throw troubleOf(reply);
  return JSON.parse(reply.text) as T;
}

export const tokenFacts = (token: string): Promise<TokenFacts> => fact("token", token);
export const ruleFacts = (token: string): Promise<Rules> => fact("rules", token);
export const explanationOf = (token: string, field: string, purpose: string): Promise<Explanation> =>
  fact(`explanation?${new URLSearchParams({ field, purpose }).toString()}`, token);

/** What a demo offers; null where the gateway is none. */
export async function demoFacts(): Promise<Demo | null> {
  const reply = await fetched("/console/facts/demo", {});
  return reply.status === 200 ? (JSON.parse(reply.text) as Demo | null) : null;
}

export interface Question {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** Ask under one purpose. The reply may bear errors of the document; Trouble is what is wrong around it. */
export async function send(
  token: string,
  purpose: string,
  question: Question,
  signal?: AbortSignal,
): Promise<Reply> {
  const reply = await fetched("/graphql", {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json",
      "Content-Type": "application/json",
      ...authorised(token),
      "Gateway-Purpose": purpose,
    },
    body: JSON.stringify(question),
    ...(signal === undefined ? {} : { signal }),
  });
  const refused = reply.status === 401 || reply.status === 403 || reply.status === 429 || reply.status >= 500;
  if (refused) throw troubleOf(reply);
  return reply;
}

/** The data of an answer that has no errors; Trouble for any other. */
export async function dataOf<T>(token: string, purpose: string, question: Question): Promise<T> {
  const reply = await send(token, purpose, question);
  const answered = JSON.parse(reply.text) as Answered;
  const code = answered.errors?.[0]?.extensions?.code;
  if (code !== undefined || !answered.data) throw new Trouble(KINDS[code ?? ""] ?? "strange", code);
  return answered.data as T;
}

export const introspected = (token: string, purpose: string): Promise<IntrospectionQuery> =>
  dataOf(token, purpose, { query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }) });
