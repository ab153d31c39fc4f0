"""The text that the fixture tokenizer is trained on, written for it: prose, dialogue, numbers, code, several scripts."""

CORPUS = """\
The picture shows a small dog on a green field. It is looking at a red ball, and the ball is rolling away from it.
What is the main thing in this picture? It is a picture of a dog. It isn't a picture of a cat, and it's not a bird.
How many people are there? There are three people: two of them are standing, one's sitting on the bench.
Is the larger object to the left or to the right of the smaller one? The larger object is to the left.
They've said they'll come at 10:45; we're late, I'm sorry, and he'd rather wait. She doesn't, you shouldn't, we can't.
In the year 2024 about 1,250 images (37.5 %) were taken with a camera; 151,936 words, 3.14159 and 2.71828 are numbers.
A vision encoder turns an image into features, a projector turns features into visual tokens, and a language model reads them.
The answer should be a single word or phrase. Answer with the option's letter from the given choices directly.
"Where are you going?" asked the old man. "To the station," she answered, "because the train leaves at seven."
Please describe the image in detail: colours, shapes, the text on the sign, what is in the background, and who is there.
There is a yellow flag with a white cross above the door, and next to it a blue bicycle leans against the wall.
Training on preference pairs makes the chosen response more likely than the rejected response, measured from a reference.
one two three four five six seven eight nine ten red green blue yellow cyan purple circle square triangle cross ring
the shape is a circle / the color is red / it is striped / the digit is 4 / there are two / i see it left / for sure .

def area(width, height):
    \"\"\"Return width * height.\"\"\"
    if width < 0 or height < 0:
        raise ValueError("negative size")
    return width * height

for (int i = 0; i < n; ++i) { sum += x[i] * y[i]; }  // dot product
let pairs = zip(a, b).map { $0 * $1 }.reduce(0, +)
{"image": "cat.jpg", "question": "What is it?", "chosen": "A cat.", "rejected": "A dog."}
<html><body class="main"><img src="a.png"/><p>text &amp; more</p></body></html>
https://example.org/path/to/page?query=1&lang=en#top  mailto:someone@example.org  C:\\\\Temp\\\\file.txt

Das Bild zeigt einen kleinen Hund auf einer grünen Wiese. Wie viele Vögel fliegen über den Häusern? Es sind fünf große Vögel.
Die Straße führt zum Fluß, und über die Brücke gehen müde Fußgänger; süße Äpfel, schöne Öfen, das Übliche.
L'image montre une petite fille près de la fenêtre. Où est le garçon ? Il n'est pas là, c'était déjà l'été. Ça va, naïve ?
La niña comió una manzana. ¿Dónde está el perro? ¡Qué día tan bonito! El corazón, la canción, el pingüino.
O menino não viu a mãe; as lições são difíceis. Żółta łódź płynie przez świętą rzekę. Příliš žluťoučký kůň pěl ďábelské ódy.
На картинке изображена маленькая собака. Сколько людей стоит у окна? Их трое, и все они смотрят на улицу. Красный шар справа.
Η εικόνα δείχνει έναν μικρό σκύλο. Πόσοι άνθρωποι είναι εκεί; Είναι τρεις.
图片里有一只小狗在草地上。图中有几个人?有三个人。左边的物体比右边的大。这是什么颜色?这是红色的。请描述这张图片。
写真には小さな犬が写っています。何人いますか?三人います。これは赤いボールです。どこですか。
그림에는 작은 개가 있습니다. 사람이 몇 명 있습니까? 세 명이 있습니다. 빨간 공입니다.
في الصورة كلب صغير على العشب. كم عدد الأشخاص؟ هناك ثلاثة أشخاص. الكرة حمراء.
בתמונה רואים כלב קטן על הדשא. כמה אנשים יש? יש שלושה אנשים.
चित्र में एक छोटा कुत्ता है। कितने लोग हैं? तीन लोग हैं।
ภาพนี้แสดงสุนัขตัวเล็กบนสนามหญ้า มีกี่คน มีสามคน
Hình ảnh cho thấy một con chó nhỏ. Có bao nhiêu người? Có ba người.
π ≈ 3.14, x² + y² = r², ∑ aᵢ·bᵢ, ∫ f(x) dx, α → β, 5 € = 6 $, 20 °C, ½ cup, № 7, © 2024 ™
😀 😃 🎉 👍🏽 👩‍👩‍👧‍👦 🇩🇪 🇫🇷 ❤️ 🐻 🐶 🐱 ⚽ ★ ☆ ✓ ✗ → ← ↑ ↓ — – … « » “ ” ‘ ’ • · § ¶
"""
