import fc from "fast-check";
import { convert } from "html-to-text";
import { expect, test } from "vitest";
import { textFromHtml } from "./html-text.ts";

test.each([
  ["paragraphs", "<p>One</p><p>Two</p>", "One\n\nTwo"],
  ["line breaks", "One<br>Two<br/>Three<br><br>Four", "One\nTwo\nThree\n\nFour"],
  ["white space", "  One\n\t two   <b>three</b> four ", "One two three four"],
  ["no space between tags", "a<b>b</b><i>c</i>", "abc"],
  ["headings", "<h1>Title</h1>Text", "Title\n\nText"],
  ["lists", "<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"],
  [
    "numbered lists inside lists",
    "<ul><li>A<ol><li>x</li><li>y</li></ol></li><li>B</li></ul>",
    "- A\n\n  1. x\n  2. y\n\n- B",
  ],
  ["links", '<a href="https://shop.example/?a=1&amp;b=2">Our shop</a>!', "Our shop (https://shop.example/?a=1&b=2)!"],
  ["links that show their address", '<a href="https://shop.example">https://shop.example</a>', "https://shop.example"],
  ["mail links", '<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"],
  ["links that lead nowhere", '<a href="#top">Up</a> <a>x</a> <a href="javascript:alert(1)">y</a>', "Up x y"],
  [
    "links around a picture",
    '<a href="https://shop.example"><img alt="Sale" src="x.png"></a>',
    "Sale (https://shop.example)",
  ],
  ["table cells", "<table><tr><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>", "A 1\nB 2"],
  [
    "styles, scripts and titles",
    "<title>T</title><style>p{color:red}</style><script>if (a < b) {}</script><p>Text</p>",
    "Text",
  ],
  ["comments", "a<!-- <p>no</p> -->b<!DOCTYPE html><!--[if mso]><p>x</p><![endif]-->c", "abc"],
  ["named references", "&lt;b&gt; &amp; &euro;5 &copy; &hellip;&nbsp;x &unknown; &", "<b> & €5 © … x &unknown; &"],
  ["numbered references", "&#8364; &#x20AC; &#x1F389; &#0; &#xD800;", "€ € 🎉 \ufffd \ufffd"],
  ["a > inside an attribute", '<p title="a > b">Text</p>', "Text"],
  ["a lone <", "1 < 2 and 3 <4", "1 < 2 and 3 <4"],
  ["rules", "a<hr>b", "a\n\n----\n\nb"],
  ["a tag without end", 'Text<p class="', "Text"],
  ["nothing", "", ""],
])("reads %s", (_name, html, text) => {
  expect(textFromHtml(html)).toBe(text);
});

test.each([
  ["open tags", "<a".repeat(200_000)],
  ["open quotes", '<a href="'.repeat(100_000)],
  ["open comments", "<!--".repeat(200_000)],
  ["open styles", "<style>".repeat(100_000)],
  ["nested lists", "<ul><li>".repeat(100_000)],
  ["ampersands", "&a".repeat(200_000)],
  ["blanks in attributes", `<a ${" href".repeat(100_000)}>`],
])("takes linear time for %s", (_name, html) => {
  const startedAt = performance.now();
  textFromHtml(html);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const inline = fc.oneof(
  word,
  fc.tuple(fc.constantFrom("b", "i", "span"), word).map(([tag, inner]) => `<${tag}>${inner}</${tag}>`),
);
const block = fc
  .tuple(fc.constantFrom("p", "div", "h2", "li", "td"), fc.array(inline, { maxLength: 4 }))
  .map(([tag, inner]) => `<${tag}>${inner.join(" ")}</${tag}>`);

test("finds the words that html-to-text finds", () => {
  const words = (text: string) => text.toLowerCase().match(/[a-z]+/g) ?? [];
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), (blocks) => {
      const html = blocks.join("\n");
      expect(words(textFromHtml(html)).sort()).toEqual(words(convert(html, { wordwrap: false })).sort());
    }),
    { numRuns: 100 },
  );
});
