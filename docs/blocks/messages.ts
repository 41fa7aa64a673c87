import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";

import ts from "typescript";

const SOURCES = ["scripts/{deploy,check-deployment}.ts", "scripts/lib/*.ts"];

/** A sentence with some text of its own; the others pass on what somebody else says. */
const SENTENCE = /^.*[a-z]{2}.*[.…]$/;

/** Classes of what people can put right. */
const ERRORS = ["UserError", "UnreachableError"];

/** What the scripts for deployment can say when something is wrong; "…" stands for what differs. */
export async function findMessages(): Promise<string[]> {
  const messages: string[] = [];
  for (const file of globSync(SOURCES).sort()) {
    const source = ts.createSourceFile(file, await readFile(file, "utf8"), ts.ScriptTarget.Latest, true);
    collectMessages(source, messages);
  }
  return [...new Set(messages)].filter((message) => SENTENCE.test(message));
}

function collectMessages(node: ts.Node, messages: string[]): void {
  if (ts.isNewExpression(node) && ERRORS.includes(node.expression.getText())) {
    messages.push(...(node.arguments ?? []).flatMap(textsOf));
  } else if (ts.isReturnStatement(node) && node.expression && /^(describe|advise)/.test(nameOfFunction(node))) {
    messages.push(...textsOf(node.expression));
  }
  ts.forEachChild(node, (child) => {
    collectMessages(child, messages);
  });
}

function nameOfFunction(node: ts.Node): string {
  const declaration = ts.findAncestor(node, ts.isFunctionDeclaration);
  return declaration?.name?.text ?? "";
}

/** Every text an expression can be. */
function textsOf(expression: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(expression)) return textsOf(expression.expression);
  if (ts.isConditionalExpression(expression)) {
    return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
  }
  return [textOf(expression)];
}

function textOf(expression: ts.Expression): string {
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isTemplateExpression(expression)) {
    return expression.head.text + expression.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(expression)) return textOf(expression.left) + textOf(expression.right);
  return "…";
}
