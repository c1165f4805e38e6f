"""The names of made-up people and businesses; every combination is invented.

`ODD` holds names that people really write and that break a careless JSON writer. In each generated store,
some account has each of them.
"""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(text.split())


FIRST = words("""
    Aaliyah Adam Aisha Alejandro Aleksandra Alice Amélie Amir Anna Antonio Arjun Astrid Ava Ayşe Beatriz
    Benjamin Björn Camille Carlos Chiara Chloé Claire Dagmar Daniel David Diego Dmytro Elena Elif Eline
    Emil Emma Enzo Erik Fatima Felix Fernanda Finn Florian Francesca Franziska Gabriel Giulia Greta
    Hanna Hannah Hans Henrik Hugo Ida Ines Ingrid Isabel Ivan Jakub Jan Jana Jasmin Javier Jens Joana
    João Johanna Jonas José Julia Jürgen Kaan Karin Katarzyna Katharina Khadija Kim Klaus Lara Lars
    Laura Léa Lena Leon Lina Linh Lucas Lucía Luís Lukas Magdalena Maja Manon Marco María Marie Marta
    Mateo Matthias Maximilian Mehmet Mei Mia Michał Mohammed Moritz Nadia Naomi Nina Noah Nora Olena
    Oliver Olivia Omar Oscar Paula Pedro Petra Philipp Pia Piotr Priya Rahul Raquel Rosa Saanvi Samira
    Sara Sebastian Sofia Sophie Søren Stefan Svenja Tariq Thea Theo Thiago Thomas Tobias Tomasz Ursula
    Valentina Vera Victor Viktoria Vivek Walter Wanda Wei Xenia Yara Yasmin Yuki Yusuf Zeynep Zofia
""")
LAST = words("""
    Ahmed Almeida Andersen Andersson Arslan Aydın Bakker Barbosa Bauer Becker Bianchi Blanc Bonnet
    Brandt Braun Brown Carvalho Castro Çelik Chen Clark Colombo Conti Costa Cruz Davies Delgado Demir
    Dijkstra Doğan Dubois Dupont Esposito Evans Fernandes Ferrari Fischer Fontaine Fournier Frank Fuchs
    Gallo Gandhi García Girard Gomes González Graf Greco Green Gupta Haas Hansen Hartmann Herrera
    Hoffmann Horn Huber Ivanenko Jackson Jansen Jensen Johansson Jones Kaczmarek Kamińska Kaplan Kaya
    Keller Khan Klein Koch König Kovalenko Kowalczyk Krämer Kraus Krüger Kumar Lambert Lang Larsen
    Laurent Lefèvre Lehmann Lewis Lindberg López Lorenz Ludwig Maier Marino Martin Martínez Mayer Mehta
    Meier Mendes Mercier Meyer Miller Moreau Moreno Müller Muñoz Murphy Navarro Neumann Nguyễn Nielsen
    Nowak Nunes Öztürk Patel Pereira Pérez Petit Pfeiffer Phillips Pohl Popescu Ramos Rao Ribeiro Ricci
    Richter Rivera Robert Roberts Romano Rossi Roux Ruiz Russo Şahin Sánchez Santos Schäfer Schmidt
    Schneider Scholz Schröder Schulz Schwarz Seidel Shah Sharma Silva Singh Smit Smith Sommer Sousa
    Stein Suzuki Tanaka Taylor Thomas Torres Tran Vargas Visser Vogel Voß Wagner Walker Wang Weber Weiß
    Werner White Williams Winkler Wiśniewska Wolf Wright Yıldız Yılmaz Zhang Ziegler Zimmermann
""")
ODD = (
    'Zoë "Zozo" O\'Neill',
    "Back\\slash \\u0041 Smith",
    "Emoji 🦊 Müller-Lüdenscheidt",
    "Unit\x1fSeparator",
    "Tab\tand\nnew line",
    "\x01\x02Control\x7f",
    "</script><b>Bold</b>",
    "Robert'); DROP TABLE--",
    "עברית \u202eright to left",
    "Line\u2028Paragraph\u2029",
    "e\u0301 combined",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧",
    "null",
    "X",
    "  surrounded by blanks  ",
    "A very long name " * 10,
)
TRADES = words("""
    Apotheke Bäckerei Bikes Books Café Cinema Clinic Electronics Fashion Flowers Garage Gym Hotel
    Insurance Kitchen Optics Pets Pizzeria Records Shoes Shuttle Taxi Toys Travel
""")
