"""What is shown of a person where the whole is not needed. Never a birth date or an age."""


def mask_name(name: str) -> str:
    """张小三 → 张*三, 张三 → 张*."""
    if len(name) < 2:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_resident_id(number: str) -> str:
    """First three and last four: 350***********1234."""
    return _mask_middle(number, 3, 4)


def mask_phone(phone: str) -> str:
    """138****5678."""
    return _mask_middle(phone, 3, 4)


def _mask_middle(text: str, first: int, last: int) -> str:
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]
