import { words } from './words.js';

const Period = 2000;
const byId = id => document.getElementById(id);
let language = localStorage.getItem('language') ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');
let status = null;
let failures = 0;

const word = (key, ...values) => words[language][key].replace(/\{(\d)\}/g, (_, i) => values[i]);

// Texts come from clients and services: they are only ever set as text.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

function drawing(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const number = (value, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits });

function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${number(value, value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

function latency(seconds) {
  if (seconds === null) return '–';
  return seconds < 1 ? `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms` : `${number(seconds, 1)}${word('second')}`;
}

function span(seconds) {
  const s = Math.max(0, seconds);
  if (s < 100) return number(Math.floor(s)) + word('second');
  if (s < 5400) return number(Math.round(s / 60)) + word('minute');
  if (s < 172800) return number(Math.round(s / 3600)) + word('hour');
  return number(Math.floor(s / 86400)) + word('day');
}

// By the gateway's clock: this machine's may be another.
function when(time) {
  const seconds = (new Date(status.now) - new Date(time)) / 1000;
  return Math.abs(seconds) < 2 ? word('now') : seconds > 0 ? word('ago', span(seconds)) : word('in', span(-seconds));
}

const exact = time => new Date(time).toLocaleString(language);
const timed = (time, text) => element('time', { datetime: time, title: exact(time) }, text);
const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);

function spark(values, errors) {
  const length = 60;
  const pad = list => [...Array(Math.max(0, length - list.length)).fill(0), ...list].slice(-length);
  const [points, failed] = [pad(values), pad(errors)];
  const top = Math.max(1, ...points);
  const x = i => (i * 180) / (length - 1);
  const y = value => 32 - (value / top) * 29;
  const line = points.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return drawing('svg', { class: 'spark', viewBox: '0 0 180 34', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    drawing('line', { class: 'base', x1: 0, x2: 180, y1: 32.5, y2: 32.5 }),
    drawing('path', { class: 'area', d: `${line}L180 32L0 32Z` }),
    drawing('path', { class: 'line', d: line }),
    ...failed.flatMap((value, i) => value > 0
      ? [drawing('rect', { class: 'errors', x: x(i) - 1.5, width: 3, y: Math.min(29, y(value)), height: 32 - Math.min(29, y(value)) })] : []));
}

function tile(value, label, tone, ...more) {
  return element('div', { class: 'tile' }, element('b', { class: tone }, value), element('small', null, label), ...more);
}

function added(routes, key) {
  const length = Math.max(0, ...routes.map(route => route[key].length));
  return Array.from({ length }, (_, i) => sum(routes, route => route[key][route[key].length - length + i] ?? 0));
}

function showTiles() {
  const routes = status.routes;
  const rates = added(routes, 'history');
  const errors = added(routes, 'errorHistory');
  const failed = Math.round(sum(errors, value => value) * (routes[0]?.historySeconds ?? 5));
  const slowest = routes.filter(route => route.percentile95 !== null && route.id !== '-').sort((a, b) => b.percentile95 - a.percentile95)[0];
  byId('tiles').replaceChildren(
    tile(number(rates.at(-1) ?? 0, 1), word('perSecond'), null, spark(rates, errors)),
    tile(latency(slowest?.percentile95 ?? null), word('p95'), null),
    tile(number(status.traffic.calls), word('callsNow'), null),
    tile(number(failed), word('errorsNow'), failed > 0 ? 'bad-text' : null),
    tile(number(status.traffic.connections), word('connections'), null));
}

function cell(label, ...children) {
  return element('td', { 'data-label': label }, ...children);
}

function table(headings, rows) {
  return element('table', null,
    element('thead', null, element('tr', null, ...headings.map(heading => element('th', { scope: 'col' }, heading)))),
    element('tbody', null, ...rows));
}

function pattern(route) {
  return route.id === '-' ? word('own') : route.pattern === 'everything else' ? word('everything') : route.pattern;
}

function showRoutes() {
  const rows = status.routes.map(route => element('tr', { 'data-route': route.id },
    element('td', { class: 'name' }, element('b', null, pattern(route)), element('small', null, route.id === '-' ? word('ownNote') : `${route.id} → ${route.cluster}`)),
    element('td', { class: 'trend' }, spark(route.history, route.errorHistory)),
    cell(word('rate'), number(route.history.at(-1) ?? 0, 1)),
    cell(word('latency'), route.median === null ? '–' : `${latency(route.median)} / ${latency(route.percentile95)}`),
    cell(word('total'), number(route.requests)),
    cell(word('errors'), element('span', { class: route.serverErrors > 0 ? 'bad-text' : null }, number(route.serverErrors))),
    cell(word('bytes'), `${bytes(route.bytesReceived)} / ${bytes(route.bytesSent)}`),
    cell(word('openCalls'), route.calls.opened > 0 ? `${number(route.calls.open)} / ${number(route.calls.opened)}` : '–')));
  byId('routes').replaceChildren(table(
    ['route', 'traffic', 'rate', 'latency', 'total', 'errors', 'bytes', 'openCalls'].map(key => word(key)), rows));
}

function showCalls() {
  const calls = status.calls;
  byId('calls-note').textContent = calls.length < status.traffic.calls ? word('callsSome', number(calls.length), number(status.traffic.calls)) : '';
  if (calls.length === 0) {
    byId('calls').replaceChildren(element('p', { class: 'empty' }, word('callsNone')));
    return;
  }
  const rows = calls.map(call => element('tr', { 'data-call': call.requestId },
    element('td', { class: 'name' }, element('b', null, call.client), element('small', null, `${call.host}${call.path} → ${call.destination}`)),
    cell(word('route'), call.route),
    cell(word('since'), timed(call.openedAt, span((new Date(status.now) - new Date(call.openedAt)) / 1000))),
    cell(word('sent'), bytes(call.bytesFromClient), element('small', null, word('messages', number(call.messagesFromClient)))),
    cell(word('received'), bytes(call.bytesFromService), element('small', null, word('messages', number(call.messagesFromService)))),
    cell(word('silent'), span(call.silence), element('small', null, word('silentLongest', span(call.longestSilence))))));
  byId('calls').replaceChildren(table(['call', 'route', 'since', 'sent', 'received', 'silent'].map(key => word(key)), rows));
}

function counts(map, names) {
  return Object.entries(map).map(([key, count]) => word('times', number(count), names?.[key] ?? key)).join(', ');
}

function showServices() {
  const services = status.services;
  const down = services.filter(service => !service.isUp).length;
  byId('services-note').textContent = services.length === 0 ? '' : down === 0 ? word('allUp') : word('someDown', number(down));
  byId('services').replaceChildren(...services.map(service => {
    const tone = !service.isUp ? 'bad' : service.isLeftOut ? 'busy' : 'good';
    const failed = counts(service.failures, words[language].reasons);
    return element('li', { 'data-service': service.address },
      element('span', { class: 'dot', 'data-tone': tone }),
      element('div', { class: 'body' }, element('b', null, service.cluster), element('small', { class: 'mono' }, service.address),
        failed ? element('small', null, word('failuresNote', failed)) : null),
      element('span', { class: 'pill side', 'data-tone': tone }, word(!service.isUp ? 'down' : service.isLeftOut ? 'leftOut' : 'up')));
  }), ...(services.length === 0 ? [element('li', { class: 'empty' }, word('servicesNone'))] : []));
}

function lifeOf(certificate) {
  if (certificate.notAfter === null) return { tone: 'bad', part: 0, text: word('wanted') };
  const now = new Date(status.now), end = new Date(certificate.notAfter), start = new Date(certificate.notBefore);
  const left = (end - now) / 1000, part = Math.min(1, Math.max(0, (end - now) / (end - start)));
  // Half of what is left at a renewal has gone by without one.
  const tone = left <= 0 ? 'bad' : part < 1 / 12 ? 'bad' : part < 1 / 6 || certificate.renewal?.failures > 0 ? 'busy' : 'good';
  const text = left <= 0 ? word('expired') : left < 172800 ? word('hoursLeft', number(Math.floor(left / 3600))) : word('daysLeft', number(Math.floor(left / 86400)));
  return { tone, part, text };
}

function aboutCertificate(certificate) {
  const renewal = certificate.renewal;
  if (renewal) {
    const lines = [];
    if (certificate.issuer) lines.push(word('issued', certificate.issuer));
    if (renewal.nextAttempt) lines.push(word(renewal.failures > 0 ? 'retry' : 'renewal', when(renewal.nextAttempt)));
    if (renewal.failures > 0) lines.push(word('failures', number(renewal.failures)));
    return lines.join(' · ');
  }
  return certificate.source === 'File' ? `${word('issued', certificate.issuer)} · ${word('fileNote', certificate.origin)}`
    : certificate.source === 'Temporary' ? word('temporaryNote')
    : certificate.source === 'LocalAuthority' ? word('localNote')
    : word('issued', certificate.issuer);
}

function showCertificates() {
  byId('certificates').replaceChildren(...status.certificates.map(certificate => {
    const life = lifeOf(certificate);
    const error = certificate.renewal?.lastError;
    return element('li', null, element('div', { class: 'body' },
      element('b', null, certificate.names.slice(0, 6).join(', ') + (certificate.names.length > 6 ? ' …' : '')),
      drawing('svg', { class: 'life', viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'data-tone': life.tone, 'aria-hidden': 'true' },
        drawing('rect', { class: 'whole', width: 100, height: 6, rx: 1 }), drawing('rect', { class: 'left', width: life.part * 100, height: 6, rx: 1 })),
      element('small', null, aboutCertificate(certificate)),
      error ? element('small', { class: 'bad-text' }, error, certificate.renewal.remedy ? ` ${certificate.renewal.remedy}` : '') : null),
      element('span', { class: 'pill side', 'data-tone': life.tone, title: certificate.notAfter ? exact(certificate.notAfter) : null }, life.text));
  }), ...(status.certificates.length === 0 ? [element('li', { class: 'empty' }, word('certificatesNone'))] : []));
}

function problemText(problem) {
  const about = problem.service;
  if (!about || !words[language].service) return problem.text;
  const rule = words[language].serviceReasons.find(([from]) => from.test(about.reason));
  return rule ? word('service', about.service, about.reason.replace(rule[0], rule[1]), about.method, about.path, about.status) : problem.text;
}

function showProblems() {
  byId('problems').replaceChildren(...status.problems.slice(0, 15).map(problem => element('li', null,
    element('span', { class: 'dot', 'data-tone': problem.isError ? 'bad' : 'busy' }),
    element('span', { class: 'when' }, timed(problem.at, when(problem.at))),
    element('div', { class: 'body' }, problemText(problem)),
    problem.times > 1 ? element('span', { class: 'side soft' }, `× ${number(problem.times)}`) : null)),
    ...(status.problems.length === 0 ? [element('li', { class: 'empty' }, word('problemsNone'))] : []));
}

function facts(id, rows) {
  byId(id).replaceChildren(...rows.filter(Boolean).flatMap(([name, ...value]) => [element('dt', null, name), element('dd', null, ...value)]));
}

function showFacts() {
  const { configuration, process, traffic } = status;
  facts('configuration', [
    [word('file'), element('code', null, configuration.file)],
    [word('applied'), timed(configuration.appliedAt, `${exact(configuration.appliedAt)} (${when(configuration.appliedAt)})`), ' · ',
      element('span', { class: configuration.rejectedAt ? 'bad-text' : null }, configuration.rejectedAt ? word('notInForce', when(configuration.rejectedAt)) : word('inForce'))],
    [word('endpoints'), ...status.endpoints.flatMap((endpoint, i) => [i > 0 ? element('br') : '', element('code', null, endpoint.address), language === 'en' ? ` ${endpoint.description}` : ''])],
    [word('limits'), counts(status.limits) || word('limitsNone')],
  ]);
  facts('process', [
    [word('id'), String(process.id)],
    [word('processor'), span(process.processorSeconds)],
    [word('memory'), bytes(process.residentBytes)],
    process.openFiles !== null && [word('files'), process.maxFiles ? word('filesOf', number(process.openFiles), number(process.maxFiles)) : number(process.openFiles)],
    [word('threads'), number(process.threads)],
    [word('tls'), counts(traffic.handshakes) || word('none')],
    [word('tlsFailed'), counts(traffic.failedHandshakes, words[language].handshakes) || word('none')],
  ]);
}

function showNotices() {
  const notices = [];
  if (failures > 1) notices.push(element('p', { class: 'notice bad', role: 'alert' }, word('lostNotice', exact(status.now))));
  if (status.isDraining) notices.push(element('p', { class: 'notice' }, word('drainingNotice')));
  if (status.configuration.rejectedAt) {
    notices.push(element('div', { class: 'notice bad', role: 'alert' }, word('rejected', status.configuration.file, when(status.configuration.appliedAt)),
      element('ul', null, ...status.configuration.errors.map(error => element('li', null, element('code', null, error))))));
  }
  byId('notices').replaceChildren(...notices);
}

function show() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  byId('lang').textContent = word('other');
  for (const place of document.querySelectorAll('[data-word]')) place.textContent = word(place.dataset.word);
  byId('foot').textContent = word('updated');
  const state = failures > 1 ? 'lost' : !status ? 'starting' : status.isDraining ? 'draining' : status.isReady ? 'ready' : 'starting';
  byId('state').textContent = word(state);
  byId('state').dataset.tone = { lost: 'bad', draining: 'busy', ready: 'good', starting: 'idle' }[state];
  if (!status) return;
  document.title = `Gateway · ${word(state)}`;
  byId('about').textContent = word('about', status.version, `gateway ${status.mode}`, span((new Date(status.now) - new Date(status.startedAt)) / 1000));
  byId('main').hidden = false;
  for (const part of [showNotices, showTiles, showRoutes, showCalls, showServices, showCertificates, showProblems, showFacts]) part();
}

async function refresh() {
  // Who marks a text to copy it must not lose it.
  if (!document.hidden && getSelection().isCollapsed) {
    try {
      const response = await fetch('status.json', { cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (!response.ok) throw new Error(String(response.status));
      status = await response.json();
      failures = 0;
    } catch {
      failures++;
    }
    show();
  }
  setTimeout(refresh, Period);
}

byId('lang').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
  show();
});
show();
refresh();
