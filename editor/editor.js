// The editor behind web.yaml: CodeMirror over the same lines as the plain text
// area that stands in for it until this script has loaded. The page decides
// everything: what is wrong, what can be completed, what a name means. This
// file only shows it.
//
// It lives in a shadow root, where CodeMirror's style sheets are adopted ones:
// the page's Content-Security-Policy lets no inline style through.

import { acceptCompletion, autocompletion, closeCompletion, completionStatus } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, isolateHistory } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, indentUnit, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import { search, searchKeymap } from '@codemirror/search';
import {
  Annotation,
  Compartment,
  EditorSelection,
  EditorState,
  Prec,
  RangeSet,
  RangeSetBuilder,
  StateEffect,
  StateField,
} from '@codemirror/state';
import {
  Decoration,
  EditorView,
  GutterMarker,
  ViewPlugin,
  WidgetType,
  gutterLineClass,
  gutters,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import styles from './editor.css';

/** A change that came from the page, which needs not be told of it. */
const fromPage = Annotation.define();

/** What the page found in the text: `{problems, changed, elsewhere}`. */
const setMarks = StateEffect.define();

const INDENT = '  ';

// What is marked.

class LineClass extends GutterMarker {
  constructor(name) {
    super();
    this.elementClass = name;
  }
}
const changedNumber = new LineClass('changed');
const errorNumber = new LineClass('error');
const changedLine = Decoration.line({ class: 'changed' });
const errorLine = Decoration.line({ class: 'error told-of' });
const warningLine = Decoration.line({ class: 'told-of' });
const squiggle = { fail: Decoration.mark({ class: 'squiggle' }), wait: Decoration.mark({ class: 'squiggle wait' }) };

/** What the cluster has in the place of what a line says. */
class Elsewhere extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }

  eq(other) {
    return this.text === other.text;
  }

  toDOM() {
    return element('span', 'c', `  # ${this.text}`);
  }
}

/** The problems of one line, told under it. */
class Told extends WidgetType {
  constructor(problems, words, act) {
    super();
    Object.assign(this, { problems, words, act });
    this.key = JSON.stringify([problems.map(({ from, to, ...said }) => said), words]);
  }

  eq(other) {
    // A problem that only moved keeps its place on the screen; where it is now is read when Replace is pressed.
    return this.key === other.key;
  }

  get estimatedHeight() {
    return this.problems.reduce((height, { suggestion }) => height + (suggestion ? 76 : 40), 0);
  }

  toDOM(view) {
    const all = element('div', 'told');
    this.problems.forEach((problem, index) => {
      const one = all.appendChild(element('div', 'diag'));
      one.dataset.tone = problem.tone;
      const message = one.appendChild(element('div', 'msg'));
      message.append(icon(problem.tone === 'fail' ? 'i-block' : 'i-info'), element('span', '', problem.message));
      if (!problem.suggestion) return;
      const fix = one.appendChild(element('div', 'fix'));
      const [before, after] = this.words.meant.split('{name}');
      fix.appendChild(element('span', '', before)).append(element('code', '', problem.suggestion), after ?? '');
      const button = fix.appendChild(element('button', 'btn', this.words.replace));
      button.type = 'button';
      button.addEventListener('click', () => replace(view, toldBefore(view, all)[index]));
    });
    return all;
  }

  ignoreEvent() {
    return true;
  }
}

/** The problems, as they are now, that the widget in this element tells. */
function toldBefore(view, dom) {
  const at = view.state.doc.lineAt(view.posAtDOM(dom)).number;
  return view.state.field(marks).problems.filter((problem) => problem.line === at);
}

function replace(view, problem) {
  if (!problem?.suggestion) return false;
  view.dispatch({
    changes: { from: problem.from, to: problem.to, insert: problem.suggestion },
    selection: { anchor: problem.from + problem.suggestion.length },
    annotations: isolateHistory.of('full'),
    userEvent: 'input.complete',
  });
  view.focus();
  return true;
}

/** What the page found, at its places; moved with the text until the page has looked again. */
const marks = StateField.define({
  create: () => ({ problems: [], told: Decoration.none, numbers: RangeSet.empty }),
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) return placed(transaction.state, effect.value);
    }
    if (!transaction.docChanged) return value;
    const { changes } = transaction;
    const problems = value.problems.map((problem) => ({
      ...problem,
      from: changes.mapPos(problem.from, 1),
      to: changes.mapPos(problem.to, -1),
    }));
    return { problems, told: value.told.map(changes), numbers: value.numbers.map(changes) };
  },
  provide: (field) => [
    EditorView.decorations.from(field, (value) => value.told),
    gutterLineClass.from(field, (value) => value.numbers),
    EditorView.contentAttributes.from(field, (value) =>
      value.problems.some(({ tone }) => tone === 'fail') ? { 'aria-invalid': 'true' } : {},
    ),
  ],
});

function placed(state, { problems, changed, elsewhere, words }) {
  const { doc } = state;
  const byLine = new Map();
  const found = [];
  for (const problem of problems) {
    const line = doc.line(Math.min(Math.max(problem.line, 1), doc.lines));
    const from = Math.min(line.from + problem.from, line.to);
    const one = { ...problem, line: line.number, from, to: Math.min(line.from + problem.to, line.to) };
    found.push(one);
    byLine.set(line.number, [...(byLine.get(line.number) ?? []), one]);
  }
  const other = new Map(elsewhere.filter(([number]) => number <= doc.lines));
  const lines = new Set([...changed.filter((number) => number <= doc.lines), ...other.keys()]);
  const decorations = [];
  const numbers = new RangeSetBuilder();
  for (const number of [...new Set([...lines, ...byLine.keys()])].sort((a, b) => a - b)) {
    const line = doc.line(number);
    const here = byLine.get(number) ?? [];
    const wrong = here.some(({ tone }) => tone === 'fail');
    if (lines.has(number)) decorations.push(changedLine.range(line.from));
    if (here.length > 0) decorations.push((wrong ? errorLine : warningLine).range(line.from));
    if (lines.has(number)) numbers.add(line.from, line.from, changedNumber);
    if (wrong) numbers.add(line.from, line.from, errorNumber);
    if (other.has(number)) {
      const widget = new Elsewhere(other.get(number));
      decorations.push(Decoration.widget({ widget, side: 1 }).range(line.to));
    }
    for (const { from, to, tone } of here) if (to > from) decorations.push(squiggle[tone].range(from, to));
    if (here.length > 0) {
      const widget = new Told(here, words);
      decorations.push(Decoration.widget({ widget, block: true, side: 1 }).range(line.to));
    }
  }
  return { problems: found, told: Decoration.set(decorations, true), numbers: numbers.finish() };
}

// How it is coloured: as the stand-in colours it.

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: 'k' },
  { tag: [tags.content, tags.string, tags.special(tags.string), tags.attributeValue], class: 's' },
  { tag: [tags.lineComment, tags.meta, tags.typeName, tags.labelName], class: 'c' },
]);

const number = Decoration.mark({ class: 'n' });
const numbersMarked = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = numbersIn(view);
    }

    update(update) {
      if (update.docChanged || update.viewportChanged || syntaxTree(update.startState) !== syntaxTree(update.state)) {
        this.decorations = numbersIn(update.view);
      }
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function numbersIn(view) {
  const found = new RangeSetBuilder();
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        if (node.name !== 'Literal' || node.node.parent?.name === 'Key') return;
        if (/^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(view.state.sliceDoc(node.from, node.to))) found.add(node.from, node.to, number);
      },
    });
  }
  return found.finish();
}

// Keys.

/** Tab: to the next column of the indentation, or the selected lines one step in. */
function indent(view) {
  if (view.state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const { from } = view.state.selection.main;
  const column = from - view.state.doc.lineAt(from).from;
  const insert = ' '.repeat(INDENT.length - (column % INDENT.length));
  view.dispatch(view.state.replaceSelection(insert), { scrollIntoView: true, userEvent: 'input.indent' });
  return true;
}

/** Enter: as deep as this line, a step deeper after `key:`; an item's fields stand under its first one. */
function newline(view) {
  const { state } = view;
  view.dispatch(
    state.changeByRange((range) => {
      const line = state.doc.lineAt(range.from);
      const before = line.text.slice(0, range.from - line.from);
      const [, spaces, dashes] = before.match(/^( *)((?:- +)*)/);
      const opens = /(^|[^:])(?<!#.*):\s*$/.test(before);
      const insert = state.lineBreak + ' '.repeat(spaces.length + dashes.length) + (opens ? INDENT : '');
      const at = range.from + insert.length;
      return { changes: { from: range.from, to: range.to, insert }, range: EditorSelection.cursor(at) };
    }),
    { scrollIntoView: true, userEvent: 'input' },
  );
  return true;
}

/** Backspace in front of a line's text takes a step of the indentation away. */
function outdent(view) {
  const range = view.state.selection.main;
  const line = view.state.doc.lineAt(range.from);
  const before = line.text.slice(0, range.from - line.from);
  if (!range.empty || before === '' || before.trim() !== '') return false;
  const take = ((before.length - 1) % INDENT.length) + 1;
  view.dispatch({ changes: { from: range.from - take, to: range.from }, userEvent: 'delete.backward' });
  return true;
}

function nextProblem(view) {
  const { problems } = view.state.field(marks);
  if (problems.length === 0) return false;
  const { head } = view.state.selection.main;
  const next = problems.find(({ from }) => from > head) ?? problems[0];
  view.dispatch({ selection: { anchor: next.from }, scrollIntoView: true });
  return true;
}

function replaceHere(view) {
  const here = view.state.doc.lineAt(view.state.selection.main.head).number;
  return replace(view, view.state.field(marks).problems.find(({ line, suggestion }) => line === here && suggestion));
}

/** Esc closes completions that can be seen. Those that are only being looked for must not swallow it. */
function closeShown(view) {
  const shown = completionStatus(view.state) === 'active';
  closeCompletion(view);
  return shown;
}

/** A key's act, but not in the middle of a composition: there the key is the input method's. */
const unlessComposing = (act) => (view) => {
  if (!view.compositionStarted) act();
  return true;
};

// Building blocks.

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

/** An icon of the page's sprite, copied: `<use>` does not look out of a shadow root. */
function icon(id) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const symbol = document.getElementById(id);
  svg.setAttribute('viewBox', symbol?.getAttribute('viewBox') ?? '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  for (const child of symbol?.children ?? []) svg.append(child.cloneNode(true));
  return svg;
}

// The door.

/** The one constructed sheet, or null where browsers have none: there the stand-in stays. */
function sheet() {
  try {
    const made = new CSSStyleSheet();
    made.replaceSync(styles);
    return 'adoptedStyleSheets' in Document.prototype ? made : null;
  } catch {
    return null;
  }
}

/**
 * Puts the editor in the place of its stand-in, with its text, selection, scroll and focus.
 *
 * @param {HTMLTextAreaElement} stand the plain text area, in a box that the editor fills
 * @param {object} page what the page does: `changed(file, text)` after each change by the user, `apply()`,
 *   `save()`, `complete(text, at)` and `explain(text, at)`, which answer JSON, or nothing in an empty string
 * @returns {object|null} `show(file, text)`, `mark(json)`, `words(json)`, `focus()`; null if this browser
 *   cannot show it
 */
function open(stand, page) {
  const own = sheet();
  if (!own) return null;
  let words = {};
  let file = '';
  let known = '';
  const states = new Map();
  const phrases = new Compartment();
  const host = element('div', 'rich');
  const root = host.attachShadow({ mode: 'open' });

  const common = [
    lineNumbers(),
    gutters({ fixed: false }),
    history(),
    search({ top: true }),
    indentUnit.of(INDENT),
    EditorState.tabSize.of(4),
    syntaxHighlighting(colours),
    numbersMarked,
    marks,
    autocompletion({ override: [complete], icons: false, activateOnCompletion: ({ more }) => more }),
    hoverTooltip(explain, { hideOnChange: true }),
    Prec.highest(
      keymap.of([
        { key: 'Mod-Enter', run: unlessComposing(page.apply) },
        { key: 'Mod-s', run: unlessComposing(page.save) },
        { key: 'Escape', run: closeShown },
      ]),
    ),
    keymap.of([
      { key: 'Tab', run: (view) => acceptCompletion(view) || indent(view), shift: indentLess },
      { key: 'Enter', run: newline },
      { key: 'Backspace', run: outdent },
      { key: 'F8', run: nextProblem },
      { key: 'Mod-.', run: replaceHere },
      // Esc is the page's: it leaves the editor.
      ...[...searchKeymap, ...historyKeymap, ...defaultKeymap].filter(({ key }) => key !== 'Escape' && key !== 'Mod-Enter'),
    ]),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.every((transaction) => transaction.annotation(fromPage))) return;
      known = update.state.doc.toString();
      page.changed(file, known);
    }),
  ];

  function fresh(name, text) {
    const attributes = {
      'aria-label': name,
      tabindex: '0',
      spellcheck: 'false',
      autocorrect: 'off',
      autocapitalize: 'off',
      translate: 'no',
    };
    const language = /\.ya?ml$/.test(name) ? yaml() : [];
    const named = EditorView.contentAttributes.of(attributes);
    return EditorState.create({ doc: text, extensions: [common, language, named, phrases.of(EditorState.phrases.of(words.phrases ?? {}))] });
  }

  function complete(context) {
    const { state, pos, explicit } = context;
    const answer = page.complete(state.doc.toString(), pos);
    if (!answer) return null;
    const { from, to, empty, options } = JSON.parse(answer);
    if (empty && !explicit && state.sliceDoc(from, pos) === '') return null;
    return { from, to, options, validFor: /^[\w.\/-]*$/ };
  }

  function explain(view, at) {
    const answer = page.explain(view.state.doc.toString(), at);
    if (!answer) return null;
    const { line, from, to, title, text } = JSON.parse(answer);
    const start = view.state.doc.line(line).from;
    const create = () => {
      const dom = element('div', 'explain');
      dom.append(element('code', '', title), element('p', '', text));
      return { dom };
    };
    return { pos: start + from, end: start + to, above: true, create };
  }

  const view = swap(stand, host, root, own, (text) => fresh('', text));
  return {
    /** Shows a file; its undo history is the one it had. */
    show(name, text) {
      if (name !== file) {
        if (file) states.set(file, { state: view.state, scroll: view.scrollSnapshot() });
        const kept = states.get(name);
        const first = !file;
        file = name;
        if (first) {
          // The text is the stand-in's already: only its name is new.
          const { main } = view.state.selection;
          view.setState(fresh(name, view.state.doc.toString()));
          view.dispatch({ selection: { anchor: main.anchor, head: main.head } });
        } else {
          view.setState(kept?.state ?? fresh(name, text));
          view.dispatch({ effects: [phrases.reconfigure(EditorState.phrases.of(words.phrases ?? {})), ...(kept ? [kept.scroll] : [])] });
        }
        known = view.state.doc.toString();
      }
      if (text === known) return;
      view.dispatch({ changes: difference(known, text), annotations: [fromPage.of(true), isolateHistory.of('full')] });
      known = text;
    },
    mark(json) {
      view.dispatch({ effects: setMarks.of({ ...JSON.parse(json), words }) });
    },
    words(json) {
      words = JSON.parse(json);
      view.dispatch({ effects: phrases.reconfigure(EditorState.phrases.of(words.phrases)) });
    },
    focus: () => view.focus(),
  };
}

/** Makes the editor and puts it where the stand-in is, so that nothing on the screen moves. */
function swap(stand, host, root, own, fresh) {
  const { selectionStart, selectionEnd, selectionDirection, scrollTop, scrollLeft } = stand;
  const [anchor, head] = selectionDirection === 'backward' ? [selectionEnd, selectionStart] : [selectionStart, selectionEnd];
  const focused = document.activeElement === stand;
  const selection = { anchor, head };
  stand.before(host);
  root.adoptedStyleSheets = [own];
  const view = new EditorView({ state: fresh(stand.value).update({ selection }).state, root, parent: root });
  view.requestMeasure({
    read: () => null,
    write: () => {
      view.scrollDOM.scrollTop = scrollTop;
      view.scrollDOM.scrollLeft = scrollLeft;
    },
  });
  if (focused) view.focus();
  return view;
}

/** The smallest change that makes one text the other. */
function difference(before, after) {
  let from = 0;
  const shorter = Math.min(before.length, after.length);
  while (from < shorter && before[from] === after[from]) from++;
  let end = 0;
  while (end < shorter - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

globalThis.playgroundEditor = { open };
