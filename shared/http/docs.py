"""/docs: an OpenAPI description as one page of HTML. No script, nothing from another host, readable without either."""

import json
from html import escape
from typing import Any

Json = dict[str, Any]

CONTENT_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}code,pre{font:14px/1.45 ui-monospace,monospace}
details{border:1px solid #d0d7de;border-radius:6px;margin:.5rem 0;padding:.5rem .8rem}summary{cursor:pointer}
pre{overflow:auto;background:#f6f8fa;padding:.6rem;border-radius:6px}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;border-top:1px solid #d0d7de;padding:.3rem .6rem .3rem 0}
.method{font-weight:600;display:inline-block;min-width:4.5rem}a{color:#0550ae}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}a{color:#79b8ff}
details,td,th{border-color:#30363d}}
"""
_NO_DATA = "No body."


def page(description: Json) -> str:
    """The page of an OpenAPI description."""
    info = description["info"]
    parts = [
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        "<p>The same for programs: <a href='openapi.json'>openapi.json</a>. How a key is sent: "
        + ", ".join(_scheme(scheme) for scheme in _schemes(description).values())
        + ".</p>"
    ]
    for tag, operations in _by_tag(description).items():
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts.extend(_operation(*operation) for operation in operations)
    parts.append("<h2>Schemas</h2>")
    parts.extend(_schema(name, schema) for name, schema in sorted(_components(description).items()))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _schemes(description: Json) -> Json:
    found: Json = description.get("components", {}).get("securitySchemes", {})
    return found


def _components(description: Json) -> Json:
    found: Json = description.get("components", {}).get("schemas", {})
    return found


def _by_tag(description: Json) -> dict[str, list[tuple[str, str, Json]]]:
    found: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            found.setdefault((operation.get("tags") or ["other"])[0], []).append((method, path, operation))
    return found


def _scheme(scheme: Json) -> str:
    if scheme["type"] == "apiKey":
        return f"<code>{escape(scheme['name'])}: KEY</code>"
    how = "Bearer KEY" if scheme["scheme"] == "bearer" else "Basic (the key as user)"
    return f"<code>Authorization: {how}</code>"


def _operation(method: str, path: str, operation: Json) -> str:
    text = operation.get("description") or operation.get("summary", "")
    return (
        f"<details><summary><span class='method'>{method.upper()}</span><code>{escape(path)}</code> "
        f"{escape(operation.get('summary', ''))}</summary><p>{escape(text)}</p>"
        f"{_parameters(operation.get('parameters', []))}{_body(operation.get('requestBody'))}"
        f"{_answers(operation['responses'])}</details>"
    )


def _parameters(parameters: list[Json]) -> str:
    rows = [
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td><td>{_type(p.get('schema', {}))}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in parameters
    ]
    return f"<h4>Parameters</h4><table>{''.join(rows)}</table>" if rows else ""


def _body(body: Json | None) -> str:
    if not body:
        return ""
    kinds = [
        f"<li><code>{escape(kind)}</code>: {_type(how.get('schema', {}))}" for kind, how in body["content"].items()
    ]
    return f"<h4>Body</h4><ul>{''.join(kinds)}</ul>"


def _answers(answers: Json) -> str:
    rows = []
    for status, answer in answers.items():
        kinds = [_type(how.get("schema", {})) for how in answer.get("content", {}).values()]
        rows.append(
            f"<tr><td><code>{status}</code></td><td>{escape(answer['description'])}</td>"
            f"<td>{', '.join(kinds) or _NO_DATA}</td></tr>"
        )
    return f"<h4>Answers</h4><table>{''.join(rows)}</table>"


def _schema(name: str, schema: Json) -> str:
    return (
        f"<details id='schema-{escape(name)}'><summary><code>{escape(name)}</code></summary>"
        f"<p>{escape(schema.get('description', ''))}</p>"
        f"<pre>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre></details>"
    )


def _type(schema: Json) -> str:
    """A schema in a word or two, with a link where it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"<a href='#schema-{escape(name)}'>{escape(name)}</a>"
    for how, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if how in schema:
            return word.join(_type(part) for part in schema[how])
    if schema.get("type") == "array":
        return f"a list of {_type(schema.get('items', {}))}"
    if "properties" in schema:
        return "{" + ", ".join(f"{escape(k)}: {_type(v)}" for k, v in schema["properties"].items()) + "}"
    return escape(str(schema.get("title") or schema.get("type") or "any JSON"))
