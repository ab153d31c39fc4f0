# SPDX-License-Identifier: MIT
# What Jinja2 makes of templates, in the environment in which transformers renders chat templates. Writes cases.json:
#   python3 generate.py        (Jinja2 3.1.6, transformers 5.23.0)
import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template as compiled

U = lambda content: {"role": "user", "content": content}
A = lambda content: {"role": "assistant", "content": content}
S = lambda content: {"role": "system", "content": content}
parts = lambda *texts: [{"type": "image"}] + [{"type": "text", "text": text} for text in texts]

# A piece of the language each: (template, variables).
DATA = {
    "text": " Wo ist\tdie Kätzchen-Decke? 😀\n",
    "name": "straße o'neill",
    "n": 7,
    "x": 2.5,
    "yes": True,
    "nothing": None,
    "list": ["b", "a", "c"],
    "numbers": [3, -1, 2, 3],
    "pairs": [["k", 1], ["l", 2]],
    "object": {"b": 1, "a": {"c": [1, "two", None, True]}, "items": "shadowed"},
    "people": [{"name": "Ann", "age": 3}, {"name": "Bo"}, {"name": "Cy", "age": 0}],
}
PIECES = """
{{ text }}|{{ n }}|{{ x }}|{{ yes }}|{{ nothing }}|{{ missing }}
{{ list }} {{ object }} {{ (1, 'a') }} {{ (1,) }} {{ [] }} {{ {} }} {{ () }}
{{ ['it\\'s', "a \\"b\\"", 'both \\' "', 'tab\\t', 'é', '\\x07', '\\u200b'] }}
{{ 'a' 'b' "c\\n" '\\x41\\u00e9\\d' }}
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 1 / 4 }} {{ 10 / 5 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 123456789.0 * 1000000000 }} {{ 0.1 + 0.2 }} {{ 1_000 }}
{{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' == 'a' }} {{ 'é' == 'é' }} {{ none == missing }} {{ missing == other }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ 2 >= 2 != 3 }} {{ not 1 == 2 }}
{{ 'a' in list }} {{ 'z' not in list }} {{ 'die' in text }} {{ 'b' in object }} {{ '' in '' }} {{ 1 in missing }}
{{ yes and 'x' }} {{ nothing or 'y' }} {{ '' or 0 }} {{ not yes }} {{ not missing }} {{ yes and not nothing or missing }}
{{ 'a' if yes else 'b' }} {{ 'a' if nothing else 'b' if n else 'c' }} [{{ 'a' if nothing }}]
{{ 'a' ~ 1 ~ none ~ missing ~ x }} {{ 'a' * 3 }} {{ [1] + [2] }} {{ 'n' + 'm' ~ 1 }}
{{ list[0] }} {{ list[-1] }} [{{ list[9] }}] {{ list[1:] }} {{ list[:-1] }} {{ list[::-1] }} {{ list[::2] }} {{ list[5:2:-1] }}
{{ text[1:3] }} {{ text[0] ~ text[-2] }} {{ name[::-1] }} {{ name[-3:] }} {{ list.0 }} {{ text[100:] }}
{{ object.b }} {{ object['b'] }} {{ object['items'] }} {{ object.a.c[1] }} [{{ object.none }}] {{ object.get('z', 5) }} {{ object.get('z') }}
{% for k, v in object.items() %}{{ k }}={{ v }};{% endfor %} {% for k in object %}{{ k }}{% endfor %} {{ object.keys() | list }} {{ object | length }}
{% for i in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ i }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('x', 'y') }} {% endfor %}
{% for i in [] %}a{% else %}none{% endfor %} {% for i in list if i != 'a' %}{{ loop.index }}{{ i }}{% endfor %} {% for a, b in pairs %}{{ a }}{{ b }}{% endfor %} {% for c in 'é😀' %}[{{ c }}]{% endfor %}
{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %} {{ range(2, 9, 3) | list }} {{ range(3, 0, -1) | list }}
{% for i in list %}{% for j in numbers %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.depth0 }} {% endfor %}
{% set a = 1 %}{% for i in list %}{{ a }}{% set a = i %}{{ a }}{% endfor %}{{ a }} {% if yes %}{% set a = 9 %}{% endif %}{{ a }}
{% set ns = namespace(a=0, b='x') %}{% for i in numbers %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}[{{ ns.c }}]{% set ns.c = [ns.a] %}{{ ns.c }}
{% set a, b = pairs[0] %}{{ a }}{{ b }} {% set c = 1, 2 %}{{ c }} {% set d %}  block {{ n }} {% endset %}[{{ d }}] {% set e | upper | trim %} up {% endset %}[{{ e }}]
{% macro m(a, b='B', c=n) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ m(1) }}{{ m('x', c=3) }}{{ m() }}{{ m(b=2, a=1) | upper }}
{% macro rec(k) %}{{ k }}{% if k %}{{ rec(k - 1) }}{% endif %}{% endmacro %}{{ rec(3) }}
{% set x = 1 %}{% macro m() %}{{ x }}{{ later }}{% endmacro %}{% set x = 2 %}{% set later = 3 %}{{ m() }}
{% generation %}said {{ n }}{% set inner = 1 %}{% endgeneration %}[{{ inner }}]
{% if n > 5 %}big{% elif n %}small{% else %}zero{% endif %}{% if missing %}{% else %}no{% endif %}{% if n: %}colon{% endif %}
a {# comment #} b {#- tight -#} c {# {{ not }} #}
a  {{- n -}}  b {{ n }}
a {%- if yes -%} b {%- endif -%} c
{{ text | trim }}|{{ text | upper }}|{{ name | capitalize }}|{{ name.title() }}|{{ name.upper() }}|{{ 'ÀÉ' | lower }}|{{ 'xxaxx' | trim('x') }}
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip('\\n') }}|{{ 'a,b,,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a-b-c'.split('-', 1) }}|{{ 'a-b-c'.rsplit('-', 1) }}|{{ 'abc'.split('x')[-1] }}
{{ 'prefix-x'.startswith('pre') }} {{ 'x'.endswith(('y', 'x')) }} {{ 'aXbX'.replace('X', '-') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'abcabc'.find('c') }} {{ 'é-é'.rfind('é') }} {{ 'abab'.count('ab') }} {{ ', '.join(list) }} {{ 'a\\nb\\n'.splitlines() }} {{ 'pre-x'.removeprefix('pre-') }} {{ 'x.py'.removesuffix('.py') }}
{{ list | first }}{{ list | last }}{{ list | join('+') }}{{ list | length }}{{ text | length }}{{ list | reverse | list }}{{ 'abc' | reverse }}{{ numbers | sort }}{{ numbers | unique | list }}{{ numbers | sum }}{{ numbers | max }}{{ numbers | min }}{{ -3 | abs }}
{{ people | map(attribute='name') | join(' ') }} {{ people | map(attribute='age', default='?') | list }} {{ list | map('upper') | list }} {{ people | selectattr('age', 'defined') | map(attribute='name') | list }} {{ people | selectattr('name', 'equalto', 'Bo') | list | length }} {{ people | rejectattr('age') | map(attribute='name') | list }} {{ numbers | select('odd') | list }} {{ numbers | reject('gt', 2) | list }} {{ none | map('upper') | list }}
{{ object | tojson }} {{ list | tojson(indent=2) }} {{ 'a"\\\\<é>\\n\\x01' | tojson }} {{ [1.0, 1e20, true, none] | tojson }} {{ {} | tojson }} {{ object | tojson(sort_keys=true) }} {{ [1, [2]] | tojson(separators=(',', ':')) }} {{ [] | tojson(indent=1) }}
{{ missing | default('d') }} {{ '' | default('d') }} {{ '' | default('d', true) }} {{ none | d('x', boolean=True) }} {{ object | items | list }} {{ object | dictsort }} {{ 5 | string + '1' }} {{ '42' | int + 1 }} {{ x | int if false else 3 }} {{ 'l1\\nl2\\n\\nl3' | indent(2) }} {{ 'l1\\nl2' | indent('> ', first=true) }}
{{ n is defined }} {{ missing is not defined }} {{ nothing is none }} {{ text is string }} {{ n is number }} {{ yes is number }} {{ yes is integer }} {{ n is integer }} {{ x is float }} {{ yes is boolean }} {{ object is mapping }} {{ list is iterable }} {{ n is iterable }} {{ text is sequence }} {{ missing is iterable }} {{ missing is undefined }}
{{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is eq 7 }} {{ n is in [7] }} {{ n is ge(7) }} {{ yes is true }} {{ 1 is true }} {{ yes is sameas true }} {{ 'a' is lower }} {{ n is callable }} {{ missing is string or n is number and not yes is none }}
{{ '<b>' | safe }} {{ ('<b>' | safe) + '<i>' }} {{ ('<b>' | safe) ~ '<i>' }} {{ '<b>' + ('<i>' | safe) }}
{{ {'a': 1, 'a': 2, 'b': {'c': [1]}} }} {{ dict(a=1, b=2) }} {{ {'k': 1}.k }} {{ {'a': {}} == {'a': {}} }} {{ [1, 2] == [1, 2] }} {{ (1,) == [1] }}
{{ missing.attribute }}
{{ missing() }}
{{ 'a' + 1 }}
{{ none + 'a' }}
{{ 1 / 0 }}
{{ 'a' < 1 }}
{{ none in 'a' }}
{{ none | length }}
{{ yes[::-1] }}
{{ object[:1] }}
{{ list | indent }}
{% if missing %}{{ n | nofilter }}{% endif %}
{% for i in 5 %}{% endfor %}
{% for a, b in [[1, 2, 3]] %}{% endfor %}
{{ raise_exception('Conversation roles must alternate') }}
{{ list.append(1) }}
{{ list | nofilter }}
{{ n is notest }}
{{ text.nomethod() }}
{% set object.b = 2 %}
{{ missing | tojson }}
{% if %}x{% endif %}
{% for x %}{% endfor %}
{{ n
{% if n %}
{{ 'open }}
{# open
{{ n }} }} {% endif %}
{{ (1 }}
{% unknown %}
{{ 1 2 }}
{{ n. }}
{{ a b }}
{% break %}
{{ range(1000000) }}
"""

LINES = [
    "{% if yes %}\n  a\n{% endif %}\n  b\n",
    "  {% if yes %}  \n  a\n  {%- endif %}\n\n  b\n\n",
    "  {%+ if yes %}\n a\n  {% endif +%}\n b",
    "x {% if yes %}\n y {% endif %}\n z",
    "\t{# c #}\n\t{{ n }}\n \t{# d -#} \n\n e",
    "a\r\nb\rc{% set x = 'p\r\nq' %}\r\n{{ x }}\r\n",
    "{%- for i in list -%}\n  {{ i }}\n{% endfor -%}\n  end",
    "{% for i in list %}\n{{- i }}\n{% endfor %}{# no newline #}",
    "{{ n }}\n{{ n }}\n\n",
    "  {{- n }}  {{ n -}}  \n  {{ '}}' }} {{ {'a': {'b': 1}}['a']['b'] }}",
    "\u00a0{%- if yes %}\u3000{% endif -%}\u2003x\u200b{%- if yes %}\n {% endif %}",
    "{% set a %}\n  x\n{% endset %}\n[{{ a }}]\n",
    "\n\n{% if yes %}\n\nx\n\n{% endif %}\n\n",
]

# Whole formats, in the ways in which published templates are written.
CHATS = {
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "brackets": "{{ bos_token }}{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% set sys = messages[0].content | trim + '\\n\\n' %}{% else %}{% set rest = messages %}{% set sys = '' %}{% endif %}\n{%- for m in rest -%}\n  {%- if (m.role == 'user') != (loop.index0 % 2 == 0) -%}\n    {{ raise_exception('turns must alternate') }}\n  {%- endif -%}\n  {%- if m.role == 'user' -%}\n    [Q] {{ (sys if loop.first else '') ~ m.content | trim }} [/Q]\n  {%- else -%}\n    {{ ' ' + m.content | trim + ' ' + eos_token }}\n  {%- endif -%}\n{%- endfor -%}\n",
    "headers": "{%- set ns = namespace(first=true) -%}\n{%- macro head(role) -%}\n<|h|>{{ role | capitalize }}<|/h|>\n\n{% endmacro -%}\n{%- for m in messages %}\n{%- set text = head(m['role']) ~ (m['content'] | trim) ~ '<|e|>' %}\n{%- if ns.first %}{% set text = bos_token + text %}{% set ns.first = false %}{% endif %}\n{{- text }}\n{%- endfor %}\n{%- if add_generation_prompt %}{{ head('assistant') }}{% endif %}",
    "parts": "{%- for m in messages %}\n    {{- m.role | upper + ': ' }}\n    {%- if m.content is string %}\n        {{- m.content }}\n    {%- else %}\n        {%- for part in m.content | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}{% endfor %}\n        {%- for part in m.content | selectattr('type', 'equalto', 'text') %}\n            {%- if m.role == 'assistant' %}{% generation %}{{ part.text }}{% endgeneration %}{% else %}{{ part.text }}{% endif %}\n        {%- endfor %}\n    {%- endif %}\n    {{- '\\n' if not loop.last else eos_token }}\n{%- endfor %}\n",
    "thinking": "{%- set last = namespace(user=-1) %}\n{%- for m in messages[::-1] %}\n    {%- set i = messages | length - 1 - loop.index0 %}\n    {%- if last.user < 0 and m.role == 'user' and m.content is string %}\n        {%- set last.user = i %}\n    {%- endif %}\n{%- endfor %}\n{%- for m in messages %}\n    {%- set c = m.content %}\n    {%- if m.role == 'assistant' and '</think>' in c %}\n        {%- set thought = c.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}\n        {%- set c = c.split('</think>')[-1].lstrip('\\n') %}\n        {%- if loop.index0 > last.user %}{{ '{' + thought + '}' }}{% endif %}\n    {%- endif %}\n    {{- m.role[0] ~ ':' ~ c ~ '\\n' }}\n{%- endfor %}",
    "tools": "{% if tools %}Tools:\n{% for t in tools %}{{ t | tojson }}\n{% if t.function.parameters is mapping %}{% for k, v in t.function.parameters.properties | items %} - {{ k }} ({{ v.type if v.type is string else v.type | join(' or ') }}){% if k in t.function.parameters.required %}*{% endif %}\n{% endfor %}{% endif %}{% endfor %}{% endif %}\n{% for m in messages %}{% if m.tool_calls is defined and m.tool_calls %}{% for c in m.tool_calls %}<call>{{ c.function.name }} {{ c.function.arguments | tojson(indent=1) }}</call>{% endfor %}{% else %}{{ m.role }}: {{ m.content }}{% endif %}\n\n{% endfor %}",
}
CONVERSATIONS = [
    dict(messages=[U("Hi  there,\nyou")], add_generation_prompt=True),
    dict(messages=[S(" Be brief.\n"), U("Hi"), A(" Hello \n"), U("ü 😀 ")], add_generation_prompt=True),
    dict(messages=[U("a"), A("<think>\nhm\n</think>\n\nb"), U("c"), A("<think>x</think>d")], add_generation_prompt=False),
    dict(messages=[U(parts("what?", "and?")), A(parts("x")[1:])], add_generation_prompt=False),
    dict(messages=[U("a"), U("b")], add_generation_prompt=False),
    dict(messages=[], add_generation_prompt=True),
    dict(
        messages=[U("x"), A("") | {"tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, "é"]}}}]}],
        tools=[{"function": {"name": "f", "parameters": {"properties": {"a": {"type": "string"}, "b": {"type": ["int", "null"]}}, "required": ["a"]}}}],
        add_generation_prompt=False,
    ),
]


def record(template, variables):
    case = {"template": template, "variables": variables}
    try:
        case["text"] = compiled(template).render(**json.loads(json.dumps(variables)))
    except Exception as error:
        case["error"] = type(error).__name__
    return case


cases = [record(line, DATA) for line in PIECES.strip().split("\n") + LINES]
for template in CHATS.values():
    for conversation in CONVERSATIONS:
        cases.append(record(template, {"bos_token": "<s>", "eos_token": "</s>"} | conversation))
out = pathlib.Path(__file__).parent / "cases.json"
out.write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
print(len(cases), "cases,", sum("error" in case for case in cases), "of them errors")
