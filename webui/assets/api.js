// Tries the API: forms from its own description, sent with the session or a pasted token.

const form = document.getElementById("api");
const choice = document.getElementById("api-operation");
const place = document.getElementById("api-parameters");
const body = document.getElementById("api-body");
const operations = new Map();
let known = {};

const by = (id) => document.getElementById(id);
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function resolved(schema) {
  if (schema?.$ref) return resolved(known[schema.$ref.split("/").pop()]);
  const kinds = schema?.anyOf?.filter((one) => one.type !== "null");
  return kinds?.length ? { ...schema, ...resolved(kinds[0]) } : (schema ?? {});
}

// Something to begin with: what must be given, and what has an example.
function sample(given) {
  const schema = resolved(given);
  if (given?.examples ?? schema.examples) return (given?.examples ?? schema.examples)[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.type === "array") return [];
  if (schema.type === "object") {
    const needed = schema.required ?? Object.keys(schema.properties ?? {}).slice(0, 3);
    return Object.fromEntries(needed.map((name) => [name, sample(schema.properties[name])]));
  }
  return { integer: 1, number: 1, boolean: true, string: "" }[schema.type] ?? null;
}

function field(parameter, index) {
  const schema = resolved(parameter.schema);
  const box = document.createElement("div");
  const label = document.createElement("label");
  const id = `api-parameter-${index}`;
  label.className = "form-label mb-1";
  label.htmlFor = id;
  const name = document.createElement("code");
  name.textContent = parameter.name;
  label.append(name, parameter.required ? ` ${form.dataset.required}` : "");
  const values = schema.enum ?? (schema.type === "boolean" ? [true, false] : null);
  const input = document.createElement(values ? "select" : "input");
  input.className = values ? "form-select" : "form-control";
  if (values) {
    input.append(new Option("", ""), ...values.map((value) => new Option(String(value), String(value))));
  } else {
    const example = parameter.example ?? parameter.schema?.examples?.[0] ?? schema.default;
    if (example !== undefined && example !== null) input.placeholder = String(example);
    input.autocomplete = "off";
  }
  input.id = id;
  input.dataset.name = parameter.name;
  input.dataset.in = parameter.in;
  input.required = parameter.required === true;
  box.append(label, input);
  const said = parameter.description ?? parameter.schema?.description;
  if (said) {
    const hint = document.createElement("div");
    hint.className = "form-hint";
    hint.id = `${id}-hint`;
    hint.textContent = said;
    input.setAttribute("aria-describedby", hint.id);
    box.append(hint);
  }
  return box;
}

function choose() {
  const { method, path, operation } = operations.get(choice.value);
  by("api-about").textContent = [operation.summary, operation.description].filter(Boolean).join(". ");
  place.replaceChildren(...(operation.parameters ?? []).map(field));
  if (!place.children.length) place.textContent = form.dataset.nothing;
  const schema = operation.requestBody?.content["application/json"].schema;
  by("api-body-box").hidden = !schema;
  body.value = schema ? JSON.stringify(sample(schema), null, 2) : "";
  body.classList.remove("is-invalid");
  history.replaceState(null, "", `#${method} ${path}`);
}

function asked() {
  const { method, path, operation } = operations.get(choice.value);
  const headers = {};
  const query = new URLSearchParams();
  let filled = path;
  for (const input of place.querySelectorAll("[data-name]")) {
    const { name, in: where } = input.dataset;
    if (where === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value && where === "query") query.append(name, input.value);
    else if (input.value && where === "header") headers[name] = input.value;
  }
  if (operation.requestBody) headers["Content-Type"] = "application/json";
  const text = query.toString();
  return { method, address: filled + (text ? `?${text}` : ""), headers, text: operation.requestBody ? body.value : null };
}

function curl({ method, address, headers, text }) {
  const parts = [`curl -X ${method} ${quoted(location.origin + address)}`, `-H "Authorization: Bearer $TOKEN"`];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (text !== null) parts.push(`--data ${quoted(text)}`);
  return parts.join(" \\\n  ");
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function show(request, status, isGood, ms, headers, text) {
  by("api-answer").hidden = false;
  by("api-status").textContent = status;
  by("api-status").className = isGood ? "is-good" : "is-bad";
  by("api-ms").textContent = ms === null ? "" : `${ms} ms`;
  by("api-request").textContent = `${request.method} ${request.address}${request.text === null ? "" : `\n\n${request.text}`}`;
  by("api-curl").textContent = curl(request);
  by("api-headers").textContent = headers;
  by("api-text").textContent = text;
}

async function send(event) {
  event.preventDefault();
  const missing = [...place.querySelectorAll("[required]")].find((input) => !input.value);
  for (const input of place.querySelectorAll(".is-invalid")) input.classList.remove("is-invalid");
  if (missing) {
    missing.classList.add("is-invalid");
    missing.focus();
    return;
  }
  const request = asked();
  const token = by("api-token").value.trim();
  const headers = { ...request.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  else if (request.method !== "GET") headers["X-CSRF-Token"] = form.dataset.csrf;
  const button = form.querySelector("button");
  button.disabled = true;
  const began = performance.now();
  try {
    const answer = await fetch(request.address, {
      method: request.method,
      headers,
      body: request.text ?? undefined,
      credentials: token ? "omit" : "same-origin",
    });
    const text = await answer.text();
    const ms = Math.round(performance.now() - began);
    const said = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    show(request, `${answer.status} ${answer.statusText}`.trim(), answer.ok, ms, said, pretty(text));
  } catch {
    show(request, "–", false, null, "", form.dataset.failed);
  } finally {
    button.disabled = false;
    by("api-answer").scrollIntoView({ block: "nearest" });
  }
}

body.addEventListener("input", () => {
  let isJson = true;
  try {
    JSON.parse(body.value);
  } catch {
    isJson = false;
  }
  body.classList.toggle("is-invalid", !isJson);
  by("api-body-fault").textContent = isJson ? "" : form.dataset.broken;
});
choice.addEventListener("change", choose);
form.addEventListener("submit", send);

const described = await (await fetch("/api/v1/openapi.json")).json();
known = described.components.schemas;
choice.replaceChildren();
const groups = new Map();
for (const [path, methods] of Object.entries(described.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const name = `${method.toUpperCase()} ${path}`;
    operations.set(name, { method: method.toUpperCase(), path, operation });
    const tag = operation.tags?.[0] ?? "";
    if (!groups.has(tag)) {
      const group = document.createElement("optgroup");
      group.label = tag;
      groups.set(tag, group);
      choice.append(group);
    }
    groups.get(tag).append(new Option(name.replace("/api/v1", ""), name));
  }
}
const wanted = decodeURIComponent(location.hash.slice(1));
if (operations.has(wanted)) choice.value = wanted;
choose();
