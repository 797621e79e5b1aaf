"""Column headings of files about other things than people and orders, better matches first."""

from __future__ import annotations

CALLED = {
    "organisation": """organisation, organization, organisation name, organization name, company, company name, account,
        account name, name, employer, firm, firma, firmenname, unternehmen, organisation, entreprise, société, empresa,
        organización, azienda, 公司, 公司名称, 企业, 企业名称, 组织, 单位, 会社, 会社名, 회사""",
    "organisation_ref": """organisation_ref, organisation id, organization id, organisation number, company id,
        company number, account id, account number, external id, external ref, external_ref, ref, id, record id,
        firmennummer, firmen-id, debitorennummer, numéro entreprise, código empresa, 公司编号, 企业编号, 组织编号""",
    "parent": """parent, parent organisation, parent organization, parent company, parent account, parent id,
        parent account id, parent company id, belongs to, holding, group, mutter, muttergesellschaft, konzern,
        société mère, matriz, empresa matriz, 母公司, 上级公司, 上级组织, 所属集团, 上级""",
    "industry": """industry, sector, branch, branche, wirtschaftszweig, secteur, industrie, sector, industria, settore,
        行业, 产业, 業種""",
    "employees": """employees, number of employees, employee count, size, company size, headcount, staff,
        mitarbeiter, mitarbeiterzahl, effectif, employés, empleados, dipendenti, 员工数, 人数,
        规模, 企业规模, 従業員数""",
    "website": """website, web site, company website, homepage, url, web, webseite, site web, sitio web, sito, 网站,
        网址, 官网""",
    "domains": """domains, domain, company domain, company domain name, email domain, domäne, domaine, dominio, 域名""",
    "address": """address, street, street address, billing address, billing street, adresse, straße, strasse, anschrift,
        rue, dirección, calle, indirizzo, 地址, 街道, 住所""",
    "address_hash": """address_hash, hash, email hash, hashed email, address hash, hash der adresse, 哈希, 地址哈希""",
    "reason": """reason, suppression reason, type, status, event, cause, bounce type, category, grund, motif, motivo,
        原因, 理由""",
    "since": """since, suppressed at, suppressed on, suppressed since, created, created at, created_at, date, timestamp,
        time, added, added at, unsubscribed at, unsubscribe time, bounced at, seit, datum, depuis, date de création,
        desde, fecha, dal, 开始时间, 加入时间, 日期""",
    "scope": """scope, suppressed for, stream, message stream, group, asm group, list, bereich, portée, ámbito, 范围""",
}
