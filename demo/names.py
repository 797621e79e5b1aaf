"""Names, cities and time zones of the shop's customers by country."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A country as the shop's customers know it. `share` is its part of them, in per cent."""

    country: str
    language: str
    time_zone: str
    share: float
    cities: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    is_family_first: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES = (
    Place(
        "DE", "de", "Europe/Berlin", 31,
        _words("Berlin Hamburg München Köln Leipzig Freiburg Münster Görlitz"),
        _words("Anna Jonas Lena Felix Sophie Paul Mia Jürgen Käthe Björn Marie Lukas Greta Till Heike Sören Ute Emil"),
        _words("Müller Schmidt Fischer Weber Krüger Hoffmann Schäfer Koch Bauer Wolf Schröder Groß Böhm Lorenz"),
    ),
    Place(
        "GB", "en", "Europe/London", 17,
        _words("London Bristol Leeds Glasgow Cardiff York Brighton"),
        _words("Olivia George Isla Harry Ava Jack Emily Oscar Grace Arthur Freya Alfie Poppy Rory Siân Niamh"),
        _words("Smith Jones Taylor Brown Evans Walker Wright Hughes Green Hall O'Connor Clarke Wood Doyle Fitzgerald"),
    ),
    Place(
        "US", "en", "America/New_York", 12,
        _words("Boston Brooklyn Philadelphia Pittsburgh Albany Providence"),
        _words("Emma Noah Charlotte Liam Amelia Elijah Harper James Zoe Mateo Ruth Walter June Ezra"),
        _words("Johnson Williams Davis Miller Garcia Anderson Thomas Moore Jackson Martin Lee Nguyen Rivera Cohen"),
    ),
    Place(
        "CN", "zh", "Asia/Shanghai", 12,
        _words("上海 杭州 北京 成都 广州 厦门"),
        _words("伟 芳 娜 敏 静 丽 强 磊 洋 艳 勇 军 杰 娟 涛 明 雪梅 子涵 浩然 思远"),
        _words("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 欧阳"),
        is_family_first=True,
    ),
    Place(
        "FR", "fr", "Europe/Paris", 9,
        _words("Paris Lyon Nantes Lille Bordeaux Besançon"),
        _words("Camille Louis Chloé Gabriel Léa Raphaël Manon Hélène Théo François Zoé Benoît"),
        _words("Martin Bernard Dubois Laurent Lefèvre Moreau Girard Rousseau Bérenger Noël D'Arcy"),
    ),
    Place(
        "ES", "es", "Europe/Madrid", 6,
        _words("Madrid Sevilla Valencia Granada Bilbao"),
        _words("Lucía Hugo María Martín Paula Íñigo Carmen Álvaro Nuria Pablo"),
        _words("García Fernández Muñoz Peña Ibáñez Ortega Núñez Castro Vidal"),
    ),
    Place(
        "PL", "pl", "Europe/Warsaw", 5,
        _words("Warszawa Kraków Łódź Wrocław Gdańsk"),
        _words("Zofia Jakub Małgorzata Łukasz Hanna Paweł Agnieszka Stanisław"),
        _words("Nowak Kowalska Wiśniewski Wójcik Zieliński Szymańska Dąbrowski"),
    ),
    Place(
        "JP", "ja", "Asia/Tokyo", 4,
        _words("東京 京都 大阪 札幌"),
        _words("陽菜 蓮 美咲 大翔 結衣 悠真 さくら"),
        _words("佐藤 鈴木 高橋 田中 伊藤 渡辺 山本"),
        is_family_first=True,
    ),
    Place(
        "GR", "el", "Europe/Athens", 2,
        _words("Αθήνα Θεσσαλονίκη Πάτρα"),
        _words("Μαρία Γιώργος Ελένη Νίκος Κατερίνα"),
        _words("Παπαδόπουλος Νικολάου Γεωργίου Ιωάννου"),
    ),
    Place(
        "AU", "en", "Australia/Sydney", 2,
        _words("Sydney Newcastle Wollongong"),
        _words("Matilda Lachlan Ruby Angus Sienna"),
        _words("Thompson Kelly Ryan Campbell Stewart"),
    ),
)  # fmt: skip
