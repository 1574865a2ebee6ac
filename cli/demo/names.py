"""Words that names are made of."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words("""
Ada Amir Anna Ben Bruno Carla Chen Clara Dana David Elena Emil Farah Felix Grace Hana Hugo Ines Ivan Jana
Jonas Julia Kai Karim Lara Leo Lin Lucia Marc Maya Mei Nadia Nils Nora Omar Paula Priya Rafael Rosa Sam Sara Simon
Sofia Tara Theo Tom Uma Vera Victor Yuki Zoe""")
LAST = _words("""
Abbott Almeida Bauer Becker Bianchi Brandt Castro Chandra Cohen Costa Dubois Eriksen Fischer Fuchs Garcia
Gruber Haddad Hansen Ito Jansen Kaya Keller Kim Kovacs Larsen Lopez Marino Mendes Moreau Nguyen Novak Okafor Olsen
Park Patel Petrov Reyes Rossi Sato Schmidt Silva Singh Tanaka Torres Vidal Wagner Weber Wong Yilmaz Zhang""")
FORE = _words("""
Amber Atlas Beacon Birch Blue Bright Cedar Clear Copper Crest Delta Ember Falcon Fern Granite Harbor Hazel
Iron Juniper Lark Linden Lumen Maple Meridian Nimbus North Oak Onyx Orchid Peak Pine Quarry Raven River Sable Sierra
Silver Slate Summit Tidal""")
AFT = _words("""
Analytics Bio Cargo Dynamics Energy Foods Freight Health Labs Logistics Media Networks Optics Parts Robotics
Security Software Systems Textiles Works""")
TITLES = ("Head of Marketing", "Operations Manager", "CFO", "Data Engineer", "VP Sales", "Team Lead")
